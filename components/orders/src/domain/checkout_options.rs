//! What a client sends with a checkout. The cart itself is on the server.

use kernel::Money;
use serde::Serialize;

use super::idempotency::IdempotencyKey;
use super::order::ShippingAddress;

/// Serializes to the text whose hash identifies the request of an idempotency key. Absent fields are left out, so that a
/// repeat of a request keeps its hash when a new version of this service adds a field.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CheckoutOptions {
    #[serde(skip)]
    pub idempotency_key: Option<IdempotencyKey>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shipping_address: Option<ShippingAddress>,
    /// The total that the client has shown to the customer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected_total: Option<Money>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
}
