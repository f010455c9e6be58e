//! The response to each error of a use case, with the client's next step.

use http::StatusCode;
use kernel::fields::InvalidFields;
use kernel::{Currency, Money};
use serde_json::{Value, json};
use web::Problem;

use crate::app::cart::CartError;
use crate::app::checkout::CheckoutError;
use crate::app::event_delivery::RequeueError;
use crate::app::failure::Failure;
use crate::app::order_status::StatusChangeError;
use crate::app::orders::ViewError;
use crate::domain::cart::CartChangeError;
use crate::domain::order::IllegalTransition;
use crate::domain::reservation::Reservation;

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Firestore(cause) => Problem::unavailable("Firestore", cause),
            Failure::Products(cause) => Problem::unavailable("the products service", cause),
            Failure::Defect(cause) => Problem::internal(cause),
        }
    }
}

impl From<CheckoutError> for Problem {
    fn from(error: CheckoutError) -> Self {
        match error {
            CheckoutError::Authentication(error) => error.into(),
            CheckoutError::CartEmpty => {
                let detail = "the cart is empty; add something to it first";
                Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "cart-empty", detail)
            }
            CheckoutError::KeyReused => {
                let detail =
                    "this Idempotency-Key came with another body before; use a new key for a new order";
                Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "idempotency-key-reused", detail)
            }
            CheckoutError::TooManyOrders(exceeded) => {
                let detail =
                    "so many orders were placed in the last minute; send the same request again later";
                Problem::new(StatusCode::TOO_MANY_REQUESTS, "too-many-orders", detail)
                    .with_retry_after(exceeded.retry_after_s)
            }
            CheckoutError::InsufficientStock { short_lines } => insufficient_stock(
                "there is too little of some lines; shortLines names them with what is available",
                short_lines,
            ),
            CheckoutError::PriceChanged { expected, reservation } => price_changed(expected, &reservation),
            CheckoutError::InProgress => busy(
                "checkout-in-progress",
                "the cart keeps changing, or is being ordered; send the same request again",
            ),
            CheckoutError::Failure(failure) => failure.into(),
        }
    }
}

impl From<CartError> for Problem {
    fn from(error: CartError) -> Self {
        match error {
            CartError::Authentication(error) => error.into(),
            CartError::NotFound => Problem::not_found("cart"),
            CartError::Change(error) => error.into(),
            CartError::Busy => busy("cart-busy", "the cart keeps changing; send the same request again"),
            CartError::Failure(failure) => failure.into(),
        }
    }
}

impl From<CartChangeError> for Problem {
    fn from(error: CartChangeError) -> Self {
        match error {
            CartChangeError::NoSuchProduct => Problem::not_found("product"),
            CartChangeError::NoSuchLine => Problem::not_found("line"),
            CartChangeError::TooManyUnits | CartChangeError::TooManyLines => {
                InvalidFields::one("quantity", "out-of-range", error.to_string()).into()
            }
            CartChangeError::InsufficientStock { item, requested, available } => insufficient_stock(
                format!("only {available} of them are available; ask for fewer"),
                json!([{
                    "productId": item.product_id, "variantId": item.variant_id,
                    "requested": requested, "available": available,
                }]),
            ),
        }
    }
}

impl From<ViewError> for Problem {
    fn from(error: ViewError) -> Self {
        match error {
            ViewError::Authentication(error) => error.into(),
            ViewError::NotFound => Problem::not_found("order"),
            ViewError::Failure(failure) => failure.into(),
        }
    }
}

impl From<StatusChangeError> for Problem {
    fn from(error: StatusChangeError) -> Self {
        match error {
            StatusChangeError::NotFound => Problem::not_found("order"),
            StatusChangeError::VersionMismatch => Problem::stale(),
            StatusChangeError::Illegal(error) => error.into(),
            StatusChangeError::Busy => {
                busy("order-busy", "the order keeps changing; send the same request again")
            }
            StatusChangeError::Failure(failure) => failure.into(),
        }
    }
}

impl From<IllegalTransition> for Problem {
    fn from(error: IllegalTransition) -> Self {
        let (from, to) = (error.from.as_str(), error.to.as_str());
        let detail = format!("an order that is {from} cannot become {to}; allowed has what it can become");
        Problem::new(StatusCode::CONFLICT, "illegal-transition", detail).with("allowed", error.from.allowed())
    }
}

impl From<RequeueError> for Problem {
    fn from(error: RequeueError) -> Self {
        match error {
            RequeueError::NotFound => Problem::not_found("event"),
            RequeueError::Busy => Problem::unavailable("Firestore", "the event keeps changing"),
            RequeueError::Failure(failure) => failure.into(),
        }
    }
}

fn busy(code: &'static str, detail: &str) -> Problem {
    Problem::new(StatusCode::CONFLICT, code, detail).with_retry_after(1)
}

fn insufficient_stock(detail: impl Into<String>, short_lines: Value) -> Problem {
    Problem::new(StatusCode::CONFLICT, "insufficient-stock", detail).with("shortLines", short_lines)
}

fn price_changed(expected: Money, reservation: &Reservation) -> Problem {
    let detail = format!(
        "the total is {} {}, not {expected}; show it to the customer and send it as expectedTotal",
        reservation.total_amount,
        currency_code(reservation.currency),
    );
    Problem::new(StatusCode::CONFLICT, "price-changed", detail)
        .with("totalAmount", reservation.total_amount)
        .with("currency", reservation.currency)
        .with("items", &reservation.lines)
}

fn currency_code(currency: Currency) -> String {
    format!("{currency:?}").to_uppercase()
}
