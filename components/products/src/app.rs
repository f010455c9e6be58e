//! Use cases: what the service does, in which order. Errors are closed enums without HTTP.

pub mod administration;
pub mod cache;
pub mod catalog;
pub mod reservations;
pub mod reviews;
pub mod transfer;

/// These use cases are one statement each.
pub use crate::store::{
    WriteError, adjust_stock, check_ledger, find_reservation, find_stock, list_expired_reservations,
    list_movements, list_reviews, ping, quote,
};
