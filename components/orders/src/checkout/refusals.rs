//! What a checkout answers when it places no order, with the client's next step.

use firestore::Error;
use http::StatusCode;
use kernel::{Currency, Money};
use serde_json::Value;
use web::Problem;

use crate::catalog::{Reservation, ReservedLine};

pub(super) fn cart_empty() -> Problem {
    let detail = "the cart is empty; add something to it first";
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "cart-empty", detail)
}

pub(super) fn key_reused() -> Problem {
    let detail = "this Idempotency-Key came with another body before; use a new key for a new order";
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "idempotency-key-reused", detail)
}

pub(super) fn in_progress() -> Problem {
    let detail = "the cart keeps changing, or is being ordered; send the same request again";
    Problem::new(StatusCode::CONFLICT, "checkout-in-progress", detail).with_retry_after(1)
}

pub(super) fn too_many_orders(wait_s: u32) -> Problem {
    let detail = "so many orders were placed in the last minute; send the same request again later";
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "too-many-orders", detail).with_retry_after(wait_s)
}

pub(super) fn insufficient_stock(short_lines: Value) -> Problem {
    let detail = "there is too little of some lines; shortLines names them with what is available";
    Problem::new(StatusCode::CONFLICT, "insufficient-stock", detail).with("shortLines", short_lines)
}

pub(super) fn price_changed(expected: Money, reservation: &Reservation) -> Problem {
    let detail = format!(
        "the total is {} {}, not {expected}; show it to the customer and send it as expectedTotal",
        reservation.total_amount,
        currency(reservation.currency),
    );
    Problem::new(StatusCode::CONFLICT, "price-changed", detail)
        .with("totalAmount", reservation.total_amount)
        .with("currency", reservation.currency)
        .with("items", reservation.lines.iter().map(quoted_line).collect::<Vec<_>>())
}

fn quoted_line(line: &ReservedLine) -> Value {
    serde_json::json!({
        "productId": line.product_id, "variantId": line.variant_id, "productName": line.product_name, "sku": line.sku,
        "quantity": line.quantity, "price": line.price, "lineTotal": line.line_total,
    })
}

fn currency(currency: Currency) -> String {
    format!("{currency:?}").to_uppercase()
}

/// What a failed read means to the client.
pub(crate) fn store_problem(error: Error) -> Problem {
    match error {
        Error::Unavailable(cause) => Problem::unavailable("Firestore", cause),
        Error::Refused(cause) | Error::Unexpected(cause) => Problem::internal(format!("Firestore: {cause}")),
    }
}
