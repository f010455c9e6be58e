//! Changes of a cart, each of which is applied once.

use kernel::{Quantity, Timestamp};

use super::{Cart, CartLine, Item};
use crate::domain::limits::{GUEST_CART_LIFETIME, MAX_CART_LINES, REMEMBERED_CHANGES};
use crate::domain::quote::{Quote, QuoteLine};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CartChange {
    Add {
        item: Item,
        quantity: Quantity,
    },
    /// Sets the quantity of a line; `None` removes the line.
    Set {
        item: Item,
        quantity: Option<Quantity>,
    },
    Remove {
        item: Item,
    },
    Clear,
}

/// Why a cart was not changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CartChangeError {
    #[error("there is no such product")]
    NoSuchProduct,
    #[error("the cart has no such line")]
    NoSuchLine,
    #[error("a line may have at most 99 units")]
    TooManyUnits,
    #[error("a cart may have at most 100 lines")]
    TooManyLines,
    #[error("only {available} of them are available")]
    InsufficientStock { item: Item, requested: i64, available: i64 },
}

impl CartChange {
    /// Returns the item whose price and stock the change needs.
    #[must_use]
    pub fn quoted_item(&self) -> Option<Item> {
        match self {
            Self::Add { item, .. } | Self::Set { item, .. } => Some(*item),
            Self::Remove { .. } | Self::Clear => None,
        }
    }
}

impl Cart {
    /// Applies a change at current prices and stock.
    ///
    /// # Errors
    /// [`CartChangeError`]; the cart is then as it was.
    pub fn apply(&mut self, change: &CartChange, quote: &Quote) -> Result<(), CartChangeError> {
        match *change {
            CartChange::Add { item, quantity } => self.add(item, quantity, quote.find(item)),
            CartChange::Set { item, quantity } => self.set(item, quantity, quote.find(item)),
            CartChange::Remove { item } => self.set(item, None, None),
            CartChange::Clear => {
                self.items.clear();
                Ok(())
            }
        }
    }

    /// Returns whether an earlier attempt has already applied this change.
    #[must_use]
    pub fn has_change(&self, id: &str) -> bool {
        self.changes.iter().any(|change| change == id)
    }

    /// Remembers an applied change, and extends the lifetime of a guest's cart.
    pub fn remember_change(&mut self, id: &str, is_guest: bool, now: Timestamp) {
        let surplus = self.changes.len().saturating_add(1).saturating_sub(REMEMBERED_CHANGES);
        self.changes.drain(..surplus);
        self.changes.push(id.to_owned());
        self.updated_at = now;
        self.expires_at = is_guest.then(|| now.checked_add(GUEST_CART_LIFETIME)).flatten();
    }

    fn add(&mut self, item: Item, more: Quantity, quote: Option<&QuoteLine>) -> Result<(), CartChangeError> {
        let quantity = match self.items.get(&item.key()) {
            Some(line) => line.quantity.checked_add(more).ok_or(CartChangeError::TooManyUnits)?,
            None if self.items.len() >= MAX_CART_LINES => return Err(CartChangeError::TooManyLines),
            None => more,
        };
        self.put(item, quantity, quote)
    }

    fn set(
        &mut self,
        item: Item,
        quantity: Option<Quantity>,
        quote: Option<&QuoteLine>,
    ) -> Result<(), CartChangeError> {
        if !self.items.contains_key(&item.key()) {
            return Err(CartChangeError::NoSuchLine);
        }
        let Some(quantity) = quantity else {
            self.items.remove(&item.key());
            return Ok(());
        };
        self.put(item, quantity, quote)
    }

    fn put(
        &mut self,
        item: Item,
        quantity: Quantity,
        quote: Option<&QuoteLine>,
    ) -> Result<(), CartChangeError> {
        let quote = quote.ok_or(CartChangeError::NoSuchProduct)?;
        if quote.available < quantity.get() {
            let (requested, available) = (quantity.get(), quote.available.max(0));
            return Err(CartChangeError::InsufficientStock { item, requested, available });
        }
        let next = self.last_position().saturating_add(1);
        let line = CartLine {
            product_id: item.product_id,
            variant_id: item.variant_id,
            quantity,
            product_name: quote.product_name.clone(),
            price_minor: quote.price.minor(),
            position: self.items.get(&item.key()).map_or(next, |line| line.position),
        };
        self.items.insert(item.key(), line);
        Ok(())
    }
}
