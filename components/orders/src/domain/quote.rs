//! Current prices and stock of items, as the products service returns them.

use kernel::{Currency, Money, ProductId, VariantId};
use serde::Deserialize;

use super::item::Item;

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Quote {
    pub currency: Currency,
    /// The items that the shop sells; the others are missing.
    pub lines: Vec<QuoteLine>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct QuoteLine {
    // Not a flattened Item: serde cannot flatten numbers of arbitrary precision.
    pub product_id: ProductId,
    pub variant_id: Option<VariantId>,
    pub product_name: String,
    pub price: Money,
    /// The units that can be sold now.
    pub available: i64,
}

impl Quote {
    #[must_use]
    pub fn empty() -> Self {
        Self { currency: Currency::default(), lines: Vec::new() }
    }

    /// Returns the line of an item; `None` if the shop does not sell it.
    #[must_use]
    pub fn find(&self, item: Item) -> Option<&QuoteLine> {
        self.lines
            .iter()
            .find(|line| (line.product_id, line.variant_id) == (item.product_id, item.variant_id))
    }
}
