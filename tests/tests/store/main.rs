//! The statements of the services on a real PostgreSQL, with the rights of their roles.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what it expects by failing loudly"
)]

mod catalog_plans;
mod plans;
mod products;
mod schema;
mod statements;
mod users;
