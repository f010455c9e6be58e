//! The JSON of an order, in responses and in messages.

use kernel::{Currency, Money, OrderId, ProductId, Quantity, Timestamp, UserId, VariantId};
use serde::Serialize;

use super::order::{HistoryEntry, Order, OrderLine, ShippingAddress, Status};

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderResponse<'a> {
    order_id: &'a OrderId,
    user_id: Option<UserId>,
    status: Status,
    items: Vec<OrderLineResponse<'a>>,
    total_amount: Money,
    currency: Currency,
    shipping_address: Option<&'a ShippingAddress>,
    notes: Option<&'a str>,
    created_at: Timestamp,
    updated_at: Timestamp,
    history: &'a [HistoryEntry],
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct OrderLineResponse<'a> {
    product_id: ProductId,
    variant_id: Option<VariantId>,
    product_name: &'a str,
    sku: &'a str,
    quantity: Quantity,
    price: Money,
    line_total: Money,
}

impl Order {
    #[must_use]
    pub fn to_response(&self) -> OrderResponse<'_> {
        OrderResponse {
            order_id: &self.order_id,
            user_id: self.user_id,
            status: self.status,
            items: self.items.iter().map(|line| line.to_response(self.currency)).collect(),
            total_amount: Money::from_minor(self.total_minor, self.currency),
            currency: self.currency,
            shipping_address: self.shipping_address.as_ref(),
            notes: self.notes.as_deref(),
            created_at: self.created_at,
            updated_at: self.updated_at,
            history: &self.history,
        }
    }
}

impl OrderLine {
    fn to_response(&self, currency: Currency) -> OrderLineResponse<'_> {
        OrderLineResponse {
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
