//! The statements: one function for each file of `sql/`.

/// A statement of `sql/` that may be repeated.
macro_rules! repeatable {
    ($name:literal) => {
        ::capability::Statement::repeatable($name, include_str!(concat!("../../sql/", $name, ".sql")))
    };
}

/// A write that must not be repeated: the second attempt would write again.
macro_rules! once {
    ($name:literal) => {
        ::capability::Statement::once($name, include_str!(concat!("../../sql/", $name, ".sql")))
    };
}

mod administration;
mod catalog;
mod health;
mod reservations;
mod reviews;
mod row;
mod stock;
mod transfer;
mod write;

pub use administration::{
    archive_variant, change_product, create_product, delete_category, find_administered_product,
    save_category, save_variant,
};
pub use catalog::{
    correct_query, facets_statement, find_product, list_categories, list_facets, list_products,
    list_statement, suggest,
};
pub use health::ping;
pub use reservations::{confirm, find_reservation, list_expired_reservations, quote, release, reserve};
pub use reviews::{delete_review, list_reviews, write_review};
pub use row::VersionedJson;
pub use stock::{adjust_stock, check_ledger, find_stock, list_movements};
pub use transfer::{export_products, import_products};
pub use write::WriteError;
