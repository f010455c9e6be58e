//! What can be bought: a product, or a variant of it.

use kernel::{ProductId, VariantId};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Item {
    pub product_id: ProductId,
    pub variant_id: Option<VariantId>,
}

impl Item {
    /// Returns the key of the item's line in a cart document.
    #[must_use]
    pub fn key(&self) -> String {
        match self.variant_id {
            Some(variant) => format!("p{}v{variant}", self.product_id),
            None => format!("p{}", self.product_id),
        }
    }
}
