//! What the tests stand on: a PostgreSQL behind the `Database` capability, a whole shop of real processes, and a client that
//! holds every request and every answer to `api/openapi.yaml`.
#![forbid(unsafe_code)]
#![allow(
    missing_debug_implementations,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a test says what it expects by failing loudly, and waits by this machine's clock"
)]

pub mod client;
mod firestore;
pub mod mailbox;
pub mod pg;
pub mod proxy;
pub mod shop;
pub mod standard_webhooks;
mod stock;

pub use crate::client::{Answer, Client, Shopper};
pub use crate::shop::Shop;

/// A variable of the environment that `cargo xtask test` sets.
#[must_use]
pub fn environment(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| {
        panic!("{name} is not set: run these tests with `cargo xtask test --only store,e2e`")
    })
}
