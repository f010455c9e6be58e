//! The orders service: carts, the checkout, and what becomes of an order.
//!
//! Read [`cart`], [`order`], [`event`] and [`idempotency`] for the rules, [`checkout`] for the heart of it, [`reconcile`] for
//! what finishes a checkout that died, [`api`] for the routes, and [`store`] and [`catalog`] for what is kept where.
#![warn(missing_docs)]

pub mod cart;
pub mod event;
pub mod order;
pub mod owner;
pub mod place_order;
pub mod settle;
mod steps;

pub mod checkout;
pub mod reconcile;

pub mod api;
pub mod catalog;
pub mod config;
pub mod store;

#[cfg(target_arch = "wasm32")]
mod entry;
mod idempotency;

use capability::{Clock, Entropy, Http};

pub use crate::config::Config;

/// What this service may ask of its host. It has no PostgreSQL.
pub trait Host: Http + Clock + Entropy {}

impl<H: Http + Clock + Entropy> Host for H {}

/// The service.
#[derive(Debug)]
pub struct App<H> {
    /// Its host.
    pub host: H,
    /// Its configuration.
    pub config: Config,
}
