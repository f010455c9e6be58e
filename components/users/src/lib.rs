//! The users service: accounts, their sessions, and the verification of access tokens.
//!
//! [`domain`] has the rules, `app` the use cases, [`store`] and `sql/` the statements, [`api`] the routes.

pub mod api;
pub mod config;
pub mod domain;
pub mod store;

mod app;
#[cfg(target_arch = "wasm32")]
mod entry;

use capability::{Clock, Database, Entropy, Http};
use futures_util::lock::Mutex;
use identity::PasswordHasher;

pub use crate::config::Config;

/// The capabilities of the service. Outbound HTTP is for the receiver of messages only.
pub trait Host: Database + Http + Clock + Entropy {}

impl<H: Database + Http + Clock + Entropy> Host for H {}

/// The service on a host.
#[derive(Debug)]
pub struct App<H> {
    pub host: H,
    pub config: Config,
    /// Hashes one password at a time.
    pub passwords: Mutex<PasswordHasher>,
}

impl<H: Host> App<H> {
    #[must_use]
    pub fn new(host: H, config: Config) -> Self {
        Self { host, passwords: Mutex::new(PasswordHasher::new(config.hash_cost)), config }
    }
}
