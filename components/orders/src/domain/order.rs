//! Orders: what was bought, and the states of an order.

mod status;

use kernel::{Currency, OrderId, ProductId, Quantity, Timestamp, UserId, VariantId};
use serde::{Deserialize, Serialize};

pub use self::status::{Actor, HistoryEntry, IllegalTransition, Status};
use super::checkout_options::CheckoutOptions;
use super::limits::MAX_CHECKOUT_DURATION;
use super::reservation::{Reservation, ReservedLine};

/// An order as it is stored. It contains all that a receipt shows, so that later changes of products do not affect it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Order {
    pub order_id: OrderId,
    /// `None` for a tombstone.
    pub user_id: Option<UserId>,
    pub status: Status,
    pub items: Vec<OrderLine>,
    /// The sum of the lines, in minor units.
    pub total_minor: i64,
    pub currency: Currency,
    pub shipping_address: Option<ShippingAddress>,
    pub notes: Option<String>,
    /// A tombstone has none, so that no index by this time contains it, and no list.
    #[serde(default, skip_serializing_if = "is_unset")]
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub history: Vec<HistoryEntry>,
    /// Whether the order is cancelled and its stock is not known to be released.
    #[serde(default)]
    pub awaits_release: bool,
}

fn is_unset(time: &Timestamp) -> bool {
    *time == Timestamp::default()
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderLine {
    pub product_id: ProductId,
    pub variant_id: Option<VariantId>,
    pub product_name: String,
    pub sku: String,
    pub quantity: Quantity,
    /// The price of one unit, in minor units.
    pub price_minor: i64,
    /// In minor units.
    pub line_total_minor: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ShippingAddress {
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub full_name: Option<String>,
    pub street_address: String,
    pub city: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub region: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub postal_code: Option<String>,
    /// ISO 3166-1 alpha-2.
    pub country: String,
}

/// The orders that a list contains; `None` selects all.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct OrderFilter {
    pub user: Option<UserId>,
    pub status: Option<Status>,
}

impl From<&ReservedLine> for OrderLine {
    fn from(line: &ReservedLine) -> Self {
        Self {
            product_id: line.product_id,
            variant_id: line.variant_id,
            product_name: line.product_name.clone(),
            sku: line.sku.clone(),
            quantity: line.quantity,
            price_minor: line.price.minor(),
            line_total_minor: line.line_total.minor(),
        }
    }
}

impl Order {
    /// Creates a pending order of the reserved stock.
    #[must_use]
    pub fn new(
        order_id: OrderId,
        user: UserId,
        reservation: &Reservation,
        options: &CheckoutOptions,
        now: Timestamp,
    ) -> Self {
        Self {
            order_id,
            user_id: Some(user),
            status: Status::Pending,
            items: reservation.lines.iter().map(OrderLine::from).collect(),
            total_minor: reservation.total_amount.minor(),
            currency: reservation.currency,
            shipping_address: options.shipping_address.clone(),
            notes: options.notes.clone(),
            created_at: now,
            updated_at: now,
            history: vec![HistoryEntry { status: Status::Pending, at: now, actor: Actor::Customer }],
            awaits_release: false,
        }
    }

    /// Creates a tombstone: a cancelled order that makes an order of this id impossible. It is stored before the stock of an
    /// abandoned checkout is released, so that this checkout, if it is still running, cannot commit its order.
    #[must_use]
    pub fn tombstone(order_id: OrderId, now: Timestamp) -> Self {
        Self {
            order_id,
            user_id: None,
            status: Status::Cancelled,
            items: Vec::new(),
            total_minor: 0,
            currency: Currency::default(),
            shipping_address: None,
            notes: None,
            created_at: Timestamp::default(),
            updated_at: now,
            history: vec![HistoryEntry { status: Status::Cancelled, at: now, actor: Actor::System }],
            // Reconciliation finds its reservation by the reservation's expiry.
            awaits_release: false,
        }
    }

    #[must_use]
    pub fn is_tombstone(&self) -> bool {
        self.user_id.is_none()
    }

    /// Returns the order as it was placed: the response to a repeat of its checkout, byte for byte.
    #[must_use]
    pub fn as_placed(mut self) -> Self {
        self.history.truncate(1);
        self.status = self.history.first().map_or(self.status, |entry| entry.status);
        self.updated_at = self.created_at;
        self
    }

    /// Returns whether the order is pending although its checkout has certainly ended: the checkout may have been interrupted
    /// before it confirmed the reservation.
    #[must_use]
    pub fn may_be_unconfirmed(&self, now: Timestamp) -> bool {
        let has_ended = self.created_at.checked_add(MAX_CHECKOUT_DURATION).is_some_and(|limit| limit < now);
        self.status == Status::Pending && has_ended
    }

    /// Changes the status and records it in the history.
    ///
    /// # Errors
    /// [`IllegalTransition`]
    pub fn transition(mut self, to: Status, actor: Actor, now: Timestamp) -> Result<Self, IllegalTransition> {
        if !self.status.allowed().contains(&to) {
            return Err(IllegalTransition { from: self.status, to });
        }
        self.status = to;
        self.updated_at = now;
        self.history.push(HistoryEntry { status: to, at: now, actor });
        self.awaits_release = to == Status::Cancelled;
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn at(second: u64) -> Timestamp {
        Timestamp::default().checked_add(Duration::from_secs(second)).unwrap()
    }

    fn order(status: Status) -> Order {
        Order { status, ..Order::tombstone(OrderId::of_cart("c", 1), at(0)) }
    }

    #[track_caller]
    fn check(from: Status, to: Status, is_allowed: bool) {
        let changed = order(from).transition(to, Actor::Admin, at(1));
        assert_eq!(changed.is_ok(), is_allowed, "{from:?} to {to:?}");
        if let Ok(order) = changed {
            assert_eq!((order.status, order.history.last().unwrap().status), (to, to));
            assert_eq!(order.awaits_release, to == Status::Cancelled);
        }
    }

    #[test]
    fn an_order_moves_along_the_allowed_edges_only() {
        use Status::{Cancelled, Confirmed, Delivered, Pending, Shipped};
        let edges = [
            (Pending, Confirmed),
            (Pending, Cancelled),
            (Confirmed, Shipped),
            (Confirmed, Cancelled),
            (Shipped, Delivered),
        ];
        let all = [Pending, Confirmed, Shipped, Delivered, Cancelled];
        for from in all {
            for to in all {
                check(from, to, edges.contains(&(from, to)));
            }
        }
    }

    #[test]
    fn only_an_old_pending_order_may_be_unconfirmed() {
        let order = |status| Order { created_at: at(100), ..order(status) };
        assert!(!order(Status::Pending).may_be_unconfirmed(at(160)));
        assert!(order(Status::Pending).may_be_unconfirmed(at(161)));
        assert!(!order(Status::Confirmed).may_be_unconfirmed(at(161)));
    }
}
