//! The products service: the catalog, the stock ledger and its reservations.
//!
//! [`domain`] has the values and rules, [`app`] the use cases, [`store`] and `sql/` the statements, [`api`] the routes. A
//! reservation is one database function (`migrations/products/functions/reserve_stock.sql`), which locks, checks and reserves
//! all lines in one statement.

pub mod api;
pub mod app;
pub mod clients;
pub mod config;
pub mod domain;
pub mod store;

#[cfg(target_arch = "wasm32")]
mod entry;

use capability::{Clock, Database, Entropy, Http};

use crate::app::cache::Cache;
pub use crate::config::Config;

/// The capabilities of the service. HTTP reaches the users and the orders service.
pub trait Host: Database + Http + Clock + Entropy {}

impl<H: Database + Http + Clock + Entropy> Host for H {}

/// The service.
#[derive(Debug)]
pub struct App<H> {
    pub host: H,
    pub config: Config,
    pub cache: Cache,
}

impl<H: Host> App<H> {
    /// Creates the service.
    #[must_use]
    pub fn new(host: H, config: Config) -> Self {
        Self { host, cache: Cache::new(config.catalog_cache_ms), config }
    }
}
