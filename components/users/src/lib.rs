//! The users service: accounts, their sessions, and the answer to "whose token is this?".
//!
//! Read [`account`] and [`session`] for the rules, [`api`] for the routes, [`store`] and `sql/` for what the database does.
#![warn(missing_docs)]

pub mod account;
pub mod session;

pub mod api;
pub mod config;
pub mod store;

#[cfg(target_arch = "wasm32")]
mod entry;

use capability::{Clock, Database, Entropy};

pub use crate::config::Config;

/// What this service may ask of its host. It has no outbound HTTP.
pub trait Host: Database + Clock + Entropy {}

impl<H: Database + Clock + Entropy> Host for H {}

/// The service.
#[derive(Debug)]
pub struct App<H> {
    /// Its host.
    pub host: H,
    /// Its configuration.
    pub config: Config,
}
