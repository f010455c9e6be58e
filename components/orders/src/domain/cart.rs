//! Carts: the items that a shopper intends to buy.

mod changes;
mod merging;
mod ordering;
#[cfg(test)]
pub(crate) mod tests;

use std::collections::BTreeMap;

use kernel::{ProductId, Quantity, Timestamp, UserId, VariantId};
use serde::{Deserialize, Serialize};

pub use self::changes::{CartChange, CartChangeError};
pub use self::ordering::OrderRateExceeded;
use super::item::Item;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cart {
    /// Random, so that the ids of its orders cannot be guessed.
    pub id: String,
    /// Incremented by each order, and by each checkout that can no longer become one. A generation becomes at most one order.
    pub generation: i64,
    /// The lines by [`Item::key`].
    pub items: BTreeMap<String, CartLine>,
    pub updated_at: Timestamp,
    /// The ids of its last changes, the latest at the end.
    #[serde(default)]
    pub changes: Vec<String>,
    /// The times of its orders within the last [`super::limits::ORDER_WINDOW`].
    #[serde(default)]
    pub ordered: Vec<Timestamp>,
    /// From then on Firestore's TTL policy removes the document. The cart of a user does not expire.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// The user into whose cart this one was merged. A merged cart accepts no changes.
    #[serde(default)]
    pub merged_into: Option<UserId>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CartLine {
    // Not a flattened Item: serde cannot flatten numbers of arbitrary precision.
    pub product_id: ProductId,
    pub variant_id: Option<VariantId>,
    pub quantity: Quantity,
    /// The name when the item was added.
    pub product_name: String,
    /// The price of one unit when the item was added, in minor units.
    pub price_minor: i64,
    /// Lines are shown by ascending position, the order in which they were added.
    pub position: i64,
}

impl CartLine {
    #[must_use]
    pub fn item(&self) -> Item {
        Item { product_id: self.product_id, variant_id: self.variant_id }
    }
}

impl Cart {
    #[must_use]
    pub fn new(random: [u8; 16], now: Timestamp) -> Self {
        let id = format!("{:032x}", u128::from_be_bytes(random));
        Self {
            id,
            generation: 1,
            items: BTreeMap::new(),
            updated_at: now,
            changes: Vec::new(),
            ordered: Vec::new(),
            expires_at: None,
            merged_into: None,
        }
    }

    /// Returns whether the cart accepts changes: it is neither merged nor expired.
    #[must_use]
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.merged_into.is_none() && self.expires_at.is_none_or(|end| now < end)
    }

    /// Returns the lines in the order in which they were added.
    #[must_use]
    pub fn lines(&self) -> Vec<&CartLine> {
        let mut lines: Vec<&CartLine> = self.items.values().collect();
        lines.sort_by_key(|line| line.position);
        lines
    }

    /// Returns the items of its lines in the order in which they were added.
    #[must_use]
    pub fn item_list(&self) -> Vec<Item> {
        self.lines().into_iter().map(CartLine::item).collect()
    }

    fn last_position(&self) -> i64 {
        self.items.values().map(|line| line.position).max().unwrap_or(0)
    }
}
