//! The problems to which the errors of the use cases are mapped.

use http::StatusCode;
use kernel::fields::InvalidFields;
use web::Problem;

use crate::app::WriteError;
use crate::app::reservations::ReservationError;
use crate::app::reviews::ReviewError;
use crate::app::transfer::ImportError;
use crate::domain::filter::InvalidParameter;
use crate::domain::rejection::Rejection;

impl From<InvalidParameter> for Problem {
    fn from(error: InvalidParameter) -> Self {
        Self::invalid_parameter(error.name, error.expected)
    }
}

/// Maps the error of a write. `resource` is what the request addresses: `product`, `variant`, `category`.
pub(super) fn rejected(error: WriteError, resource: &str) -> Problem {
    match error {
        WriteError::Rejected(rejection) => rejection_problem(rejection, resource),
        WriteError::Database(error) => error.into(),
    }
}

impl From<ReviewError> for Problem {
    fn from(error: ReviewError) -> Self {
        match error {
            ReviewError::Orders(error) => Problem::unavailable("the orders service", error.0),
            ReviewError::Write(error) => rejected(error, "product"),
        }
    }
}

impl From<ImportError> for Problem {
    fn from(error: ImportError) -> Self {
        match error {
            ImportError::File(error) => {
                Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "unreadable-import", error.to_string())
            }
            ImportError::Write(error) => rejected(error, "product"),
        }
    }
}

impl From<ReservationError> for Problem {
    fn from(error: ReservationError) -> Self {
        match error {
            ReservationError::Short(lines) => insufficient_stock(&lines),
            ReservationError::Superseded => conflict(
                "reservation-superseded",
                "a newer version of the cart has a reservation; read the cart again",
            ),
            ReservationError::Released => {
                conflict("reservation-released", "the order's stock was returned; the order cannot be placed")
            }
            ReservationError::Absent => Problem::not_found("reservation"),
            ReservationError::Database(error) => error.into(),
        }
    }
}

fn insufficient_stock(short_lines: &str) -> Problem {
    let detail = "there is too little of some lines; shortLines names them with what is available";
    match serde_json::from_str::<serde_json::Value>(short_lines) {
        Ok(lines) => conflict("insufficient-stock", detail).with("shortLines", lines),
        Err(error) => Problem::internal(error),
    }
}

fn rejection_problem(rejection: Rejection, resource: &str) -> Problem {
    match rejection {
        Rejection::Absent => Problem::not_found(resource),
        Rejection::Stale => Problem::stale(),
        Rejection::CategoryAbsent => wrong_field("categoryId", "not-found", "names no category"),
        Rejection::ParentAbsent => wrong_field("parentId", "not-found", "names no category"),
        Rejection::NegativePrice => {
            wrong_field("price", "out-of-range", "of the product or of a variant would be below 0")
        }
        Rejection::CategoryCycle => {
            conflict("category-circle", "a category cannot be below itself; choose another parent")
        }
        Rejection::CategoryInUse => {
            conflict("category-in-use", "there are products or categories in it; move them first")
        }
        Rejection::InsufficientStock(available) => {
            conflict("insufficient-stock", "there are fewer units than that").with("available", available)
        }
        Rejection::TooMuchStock => conflict("too-much-stock", "there would be more than 1000000000 units"),
        Rejection::SkuTaken => conflict("sku-taken", "another product has this SKU"),
        Rejection::VariantNameTaken => {
            conflict("variant-name-taken", "another variant of the product has this name")
        }
        Rejection::SlugTaken => conflict("slug-taken", "another category has this slug"),
        Rejection::AlreadyReviewed => {
            conflict("already-reviewed", "you have reviewed this product; delete that review first")
        }
    }
}

fn wrong_field(field: &str, code: &'static str, detail: &str) -> Problem {
    InvalidFields::one(field, code, format!("{field} {detail}")).into()
}

fn conflict(code: &'static str, detail: &str) -> Problem {
    Problem::new(StatusCode::CONFLICT, code, detail)
}
