//! Orders: what was bought, and the states it may be in.

use std::time::Duration;

use kernel::{Currency, Money, OrderId, ProductId, Quantity, Timestamp, UserId, VariantId};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Longer than any checkout takes.
const STALE: Duration = Duration::from_secs(60);

/// The state of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Placed; its stock is taken.
    Pending,
    /// Accepted by the shop.
    Confirmed,
    /// On its way.
    Shipped,
    /// With the customer.
    Delivered,
    /// Will not happen; its stock was given back.
    Cancelled,
}

/// Who did something to an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Actor {
    /// Its owner.
    Customer,
    /// An admin of the shop.
    Admin,
    /// The reconciliation.
    System,
}

/// A move that the state machine does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an order that is {from:?} cannot become {to:?}")]
pub struct IllegalTransition {
    /// The state it is in.
    pub from: Status,
    /// The state it was to get.
    pub to: Status,
}

impl Status {
    /// The states that may follow.
    #[must_use]
    pub fn allowed(self) -> &'static [Status] {
        match self {
            Self::Pending => &[Self::Confirmed, Self::Cancelled],
            Self::Confirmed => &[Self::Shipped, Self::Cancelled],
            Self::Shipped => &[Self::Delivered],
            Self::Delivered | Self::Cancelled => &[],
        }
    }

    /// The state's name, as it is written everywhere.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Confirmed => "confirmed",
            Self::Shipped => "shipped",
            Self::Delivered => "delivered",
            Self::Cancelled => "cancelled",
        }
    }

    /// Reads a state.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        serde_json::from_value(Value::from(text)).ok()
    }
}

/// An order as it is kept. Everything a receipt shows is frozen here, whatever becomes of the products.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Order {
    /// Its id, which follows from the cart it was.
    pub order_id: OrderId,
    /// Whose it is. `None` for the tombstone of a checkout that was given up, which is nobody's.
    pub user_id: Option<UserId>,
    /// Its state.
    pub status: Status,
    /// What was bought.
    pub items: Vec<OrderLine>,
    /// The sum of the lines, in minor units.
    pub total_minor: i64,
    /// Of all amounts.
    pub currency: Currency,
    /// Where it goes.
    pub shipping_address: Option<ShippingAddress>,
    /// What the customer wrote.
    pub notes: Option<String>,
    /// When it was placed. A tombstone has none: so it is in no index by that time, and in no list.
    #[serde(default, skip_serializing_if = "is_never")]
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Every state it was in.
    pub history: Vec<Change>,
    /// Whether its stock is still to be given back: from when it is cancelled until that is done.
    #[serde(default)]
    pub awaits_release: bool,
}

fn is_never(time: &Timestamp) -> bool {
    *time == Timestamp::default()
}

/// A line of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderLine {
    /// The product.
    pub product_id: ProductId,
    /// Which variant of it.
    pub variant_id: Option<VariantId>,
    /// What it was called.
    pub product_name: String,
    /// Its article number.
    pub sku: String,
    /// How many.
    pub quantity: Quantity,
    /// What one cost, in minor units.
    pub price_minor: i64,
    /// What they cost together, in minor units.
    pub line_total_minor: i64,
}

impl OrderLine {
    fn wire(&self, currency: Currency) -> OrderLineBody<'_> {
        OrderLineBody {
            product_id: self.product_id,
            variant_id: self.variant_id,
            product_name: &self.product_name,
            sku: &self.sku,
            quantity: self.quantity,
            price: Money::from_minor(self.price_minor, currency),
            line_total: Money::from_minor(self.line_total_minor, currency),
        }
    }
}

/// Where an order goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names say it")]
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

/// An entry of an order's history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The state it got.
    pub status: Status,
    /// When. Not a Firestore timestamp: nothing is searched by it.
    pub at: Timestamp,
    /// From whom.
    pub actor: Actor,
}

impl Order {
    /// The order that says that there will never be an order of this id: created before the stock of a checkout that was
    /// given up is released, so that the checkout, should it still be alive, finds its place taken.
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
            history: vec![Change { status: Status::Cancelled, at: now, actor: Actor::System }],
            // Its reservation is overdue, and found by that.
            awaits_release: false,
        }
    }

    /// Whether it only says that there will never be an order of this id.
    #[must_use]
    pub fn is_tombstone(&self) -> bool {
        self.user_id.is_none()
    }

    /// The order as it was when it was placed: what a repeat of the checkout is told, to the letter.
    #[must_use]
    pub fn as_placed(mut self) -> Self {
        self.history.truncate(1);
        self.status = self.history.first().map_or(self.status, |change| change.status);
        self.updated_at = self.created_at;
        self
    }

    /// Whether a pending order is so old that the checkout which placed it has ended, in one way or the other.
    #[must_use]
    pub fn is_stale(&self, now: Timestamp) -> bool {
        self.created_at.checked_add(STALE).is_some_and(|limit| limit < now)
    }

    /// Moves the order to another state.
    ///
    /// # Errors
    /// [`IllegalTransition`]
    pub fn change(mut self, to: Status, actor: Actor, now: Timestamp) -> Result<Self, IllegalTransition> {
        if !self.status.allowed().contains(&to) {
            return Err(IllegalTransition { from: self.status, to });
        }
        self.status = to;
        self.updated_at = now;
        self.history.push(Change { status: to, at: now, actor });
        self.awaits_release = to == Status::Cancelled;
        Ok(self)
    }

    /// The order as its owner sees it.
    #[must_use]
    pub fn wire(&self) -> OrderBody<'_> {
        let money = |minor| Money::from_minor(minor, self.currency);
        OrderBody {
            order_id: &self.order_id,
            user_id: self.user_id,
            status: self.status,
            items: self.items.iter().map(|line| line.wire(self.currency)).collect(),
            total_amount: money(self.total_minor),
            currency: self.currency,
            shipping_address: self.shipping_address.as_ref(),
            notes: self.notes.as_deref(),
            created_at: self.created_at,
            updated_at: self.updated_at,
            history: &self.history,
        }
    }
}

/// An order on the wire.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderBody<'a> {
    order_id: &'a OrderId,
    user_id: Option<UserId>,
    status: Status,
    items: Vec<OrderLineBody<'a>>,
    total_amount: Money,
    currency: Currency,
    shipping_address: Option<&'a ShippingAddress>,
    notes: Option<&'a str>,
    created_at: Timestamp,
    updated_at: Timestamp,
    history: &'a [Change],
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct OrderLineBody<'a> {
    product_id: ProductId,
    variant_id: Option<VariantId>,
    product_name: &'a str,
    sku: &'a str,
    quantity: Quantity,
    price: Money,
    line_total: Money,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(from: Status, to: Status, is_allowed: bool) {
        let order =
            Order { status: from, ..Order::tombstone(OrderId::of_cart("c", 1), Timestamp::default()) };
        let changed = order.change(to, Actor::Admin, Timestamp::default());
        assert_eq!(changed.is_ok(), is_allowed, "{from:?} to {to:?}");
        if let Ok(order) = changed {
            assert_eq!((order.status, order.history.last().unwrap().status), (to, to));
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
    fn an_order_is_kept_and_read_back() {
        let order = Order::tombstone(OrderId::of_cart("c", 1), Timestamp::default());
        let fields = firestore::value::to_fields(&order).unwrap();
        assert_eq!(firestore::value::from_fields::<Order>(fields).unwrap(), order);
    }
}
