//! Generations of a cart, and the rate at which they may become orders.

use std::collections::BTreeMap;

use kernel::{OrderId, Timestamp};

use super::Cart;
use crate::domain::limits::ORDER_WINDOW;

/// The user has placed as many orders as are allowed in [`ORDER_WINDOW`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrderRateExceeded {
    pub retry_after_s: u32,
}

impl Cart {
    /// Returns the id of the order that this generation can become.
    #[must_use]
    pub fn order_id(&self) -> OrderId {
        OrderId::of_cart(&self.id, self.generation)
    }

    /// Returns the id of the order that the previous generation may have become.
    #[must_use]
    pub fn previous_order_id(&self) -> Option<OrderId> {
        (self.generation > 1).then(|| OrderId::of_cart(&self.id, self.generation.saturating_sub(1)))
    }

    /// Checks that at most `limit` orders are placed in each [`ORDER_WINDOW`].
    ///
    /// # Errors
    /// [`OrderRateExceeded`] with the time until the next order is allowed.
    pub fn check_order_rate(&self, limit: i64, now: Timestamp) -> Result<(), OrderRateExceeded> {
        let recent: Vec<Timestamp> = recent(&self.ordered, now).collect();
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let Some(surplus) = recent.len().checked_sub(limit) else { return Ok(()) };
        // The next order is allowed when this one has left the window.
        let end = recent.get(surplus).and_then(|first| first.checked_add(ORDER_WINDOW)).unwrap_or(now);
        let wait_s = end.unix_seconds().saturating_sub(now.unix_seconds()).saturating_add(1);
        Err(OrderRateExceeded { retry_after_s: u32::try_from(wait_s).unwrap_or(60) })
    }

    /// Returns the empty cart that the commit of an order leaves.
    #[must_use]
    pub fn after_order(&self, now: Timestamp) -> Self {
        let generation = self.generation.saturating_add(1);
        let ordered = recent(&self.ordered, now).chain([now]).collect();
        Self { generation, items: BTreeMap::new(), updated_at: now, ordered, ..self.clone() }
    }

    /// Returns the same cart as the next generation, when this one can no longer become an order.
    #[must_use]
    pub fn after_failed_checkout(&self) -> Self {
        Self { generation: self.generation.saturating_add(1), ..self.clone() }
    }
}

fn recent(ordered: &[Timestamp], now: Timestamp) -> impl Iterator<Item = Timestamp> {
    let is_recent =
        move |at: &Timestamp| at.checked_add(ORDER_WINDOW).is_some_and(|end| now < end) && *at <= now;
    ordered.iter().copied().filter(is_recent)
}
