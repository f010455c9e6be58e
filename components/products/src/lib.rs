//! The products service: the catalogue, and the stock ledger with its reservations.
//!
//! Read [`filter`], [`reservation`], [`catalogue`], [`review`] and [`movement`] for the rules, [`api`] for the routes, [`store`] and `sql/` for what the database
//! does. Reserving itself is a function of the database (`migrations/products/functions/reserve_stock.sql`): it locks, checks and
//! takes all lines in one statement.
#![warn(missing_docs)]

pub mod cache;
pub mod catalogue;
pub mod filter;
pub mod import;
pub mod movement;
pub mod reservation;
pub mod review;

pub mod api;
pub mod config;
pub mod store;

#[cfg(target_arch = "wasm32")]
mod entry;

use capability::{Clock, Database, Entropy, Http};

use crate::cache::Cache;
pub use crate::config::Config;

/// What this service may ask of its host. HTTP is for its siblings: who somebody is, and what they have bought.
pub trait Host: Database + Http + Clock + Entropy {}

impl<H: Database + Http + Clock + Entropy> Host for H {}

/// The service.
#[derive(Debug)]
pub struct App<H> {
    /// Its host.
    pub host: H,
    /// Its configuration.
    pub config: Config,
    /// What it answered a moment ago.
    pub cache: Cache,
}

impl<H: Host> App<H> {
    /// The service on this host.
    #[must_use]
    pub fn new(host: H, config: Config) -> Self {
        Self { host, cache: Cache::new(config.catalog_cache_ms), config }
    }
}
