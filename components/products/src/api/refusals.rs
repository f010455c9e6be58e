//! Why something was not written, as the client is told.

use http::StatusCode;
use web::{FieldError, Problem, fields};

use crate::store::WriteError;

/// `what` is what may not be there.
pub(super) fn refused(error: WriteError, what: &str) -> Problem {
    let conflict = |code, detail: &str| Problem::new(StatusCode::CONFLICT, code, detail);
    match error {
        WriteError::Absent => Problem::not_found(what),
        WriteError::Stale => Problem::stale(),
        WriteError::CategoryAbsent => wrong_field("categoryId", "not-found", "names no category"),
        WriteError::ParentAbsent => wrong_field("parentId", "not-found", "names no category"),
        WriteError::PriceNegative => {
            wrong_field("price", "out-of-range", "of the product or of a variant would be below 0")
        }
        WriteError::Circle => {
            conflict("category-circle", "a category cannot be below itself; choose another parent")
        }
        WriteError::CategoryInUse => {
            conflict("category-in-use", "there are products or categories in it; move them first")
        }
        WriteError::InsufficientStock(available) => {
            conflict("insufficient-stock", "there are fewer units than that").with("available", available)
        }
        WriteError::TooMuchStock => conflict("too-much-stock", "there would be more than 1000000000 units"),
        WriteError::SkuTaken => conflict("sku-taken", "another product has this SKU"),
        WriteError::VariantNameTaken => {
            conflict("variant-name-taken", "another variant of the product has this name")
        }
        WriteError::SlugTaken => conflict("slug-taken", "another category has this slug"),
        WriteError::AlreadyReviewed => {
            conflict("already-reviewed", "you have reviewed this product; delete that review first")
        }
        WriteError::Database(error) => error.into(),
    }
}

fn wrong_field(field: &str, code: &'static str, detail: &str) -> Problem {
    let detail = format!("{field} {detail}");
    fields::validation_failed(vec![FieldError { field: field.to_owned(), code, detail }])
}
