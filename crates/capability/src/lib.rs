//! What a service may ask of its host.
//!
//! Four small traits, one for each door out of the sandbox: [`Database`], [`Http`], [`Clock`] and [`Entropy`]. A service
//! names its grants in one line (`trait Host: Database + Clock + Entropy {}`), the world of that service in `wit/` grants
//! the same imports, and `cargo xtask worlds` proves it of the built component. The implementations are `host-spin` in the
//! sandbox, tokio-postgres in the store tests and [`scripted`] in handler tests.
//!
//! The futures are not `Send`: an instance has one thread, and the tests run on a current-thread runtime.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod db;
pub mod http;

mod clock;
mod entropy;
#[cfg(feature = "scripted")]
pub mod scripted;
mod settings;

pub use crate::clock::Clock;
pub use crate::db::{Database, DbError, Param, Statement};
pub use crate::entropy::Entropy;
pub use crate::http::{Http, HttpError};
pub use crate::settings::{DatabaseAddress, Misconfigured, Settings};
