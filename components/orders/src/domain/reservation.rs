//! Stock that is reserved for an order, at the prices of that moment.

use kernel::{Currency, Money, ProductId, Quantity, VariantId};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reservation {
    pub currency: Currency,
    pub total_amount: Money,
    pub lines: Vec<ReservedLine>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReservedLine {
    pub product_id: ProductId,
    pub variant_id: Option<VariantId>,
    pub product_name: String,
    pub sku: String,
    pub quantity: Quantity,
    pub price: Money,
    pub line_total: Money,
}

/// A line of a reservation that is requested.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestedLine {
    pub product_id: ProductId,
    pub variant_id: Option<VariantId>,
    pub quantity: Quantity,
}
