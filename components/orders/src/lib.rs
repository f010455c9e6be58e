//! The orders service: carts, the checkout, and orders.
//!
//! The rules are in [`domain`], the use cases in `app`, the routes in [`api`]. See ARCHITECTURE.md for the layers.

pub mod api;
pub mod config;
pub mod domain;

mod app;
mod clients;
mod store;

#[cfg(target_arch = "wasm32")]
mod entry;

use capability::{Clock, Entropy, Http};

pub use crate::config::Config;

/// What this service requires of its host. It has no PostgreSQL.
pub trait Host: Http + Clock + Entropy {}

impl<H: Http + Clock + Entropy> Host for H {}

#[derive(Debug)]
pub struct App<H> {
    pub host: H,
    pub config: Config,
}
