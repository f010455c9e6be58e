//! The users service: accounts, their sessions, and the answer to "whose token is this?".
//!
//! Read [`domain`] for the rules, [`api`] for the routes, [`store`] and `sql/` for what the database does.

pub mod domain;

pub mod api;
pub mod config;
pub mod store;

#[cfg(target_arch = "wasm32")]
mod entry;

use capability::{Clock, Database, Entropy, Http};
use futures_util::lock::Mutex;
use identity::PasswordHasher;

pub use crate::config::Config;

/// What this service may ask of its host. HTTP is for the one receiver of messages that a variable names.
pub trait Host: Database + Http + Clock + Entropy {}

impl<H: Database + Http + Clock + Entropy> Host for H {}

/// The service.
#[derive(Debug)]
pub struct App<H> {
    /// Its host.
    pub host: H,
    /// Its configuration.
    pub config: Config,
    /// Makes and compares password hashes, one at a time.
    pub passwords: Mutex<PasswordHasher>,
}

impl<H: Host> App<H> {
    /// The service on this host.
    #[must_use]
    pub fn new(host: H, config: Config) -> Self {
        Self { host, passwords: Mutex::new(PasswordHasher::new(config.hash_cost)), config }
    }
}
