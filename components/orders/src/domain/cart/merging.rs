//! The merge of a guest's cart into the cart of the user who has logged in.

use kernel::{Timestamp, UserId};

use super::{Cart, CartLine, Item};
use crate::domain::limits::{GUEST_CART_LIFETIME, MAX_CART_LINES};

impl Cart {
    /// Adds the lines of a guest's cart. For an item in both carts the larger quantity wins, so that a repeat changes nothing.
    /// Returns the items for which this cart had no free line.
    pub fn merge(&mut self, guest: &Cart) -> Vec<Item> {
        let mut dropped = Vec::new();
        for line in guest.lines() {
            if let Some(own) = self.items.get_mut(&line.item().key()) {
                own.quantity = own.quantity.max(line.quantity);
            } else if self.items.len() < MAX_CART_LINES {
                let position = self.last_position().saturating_add(1);
                self.items.insert(line.item().key(), CartLine { position, ..line.clone() });
            } else {
                dropped.push(line.item());
            }
        }
        dropped
    }

    /// Returns a guest's cart after it was merged: empty, with the user's id, so that a repeat finds the merge done.
    #[must_use]
    pub fn after_merge(&self, into: UserId, now: Timestamp) -> Self {
        let expires_at = now.checked_add(GUEST_CART_LIFETIME);
        Self {
            items: std::collections::BTreeMap::new(),
            updated_at: now,
            expires_at,
            merged_into: Some(into),
            ..self.clone()
        }
    }
}
