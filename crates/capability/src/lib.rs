//! The capabilities that a host grants to a service.
//!
//! Four small traits, one for each way out of the sandbox: [`Database`], [`Http`], [`Clock`] and [`Entropy`]. A service
//! names its capabilities in one line (`trait Host: Database + Clock + Entropy {}`), its world in `wit/` grants the same
//! imports, and `cargo xtask worlds` checks the built component. The implementations are `host-spin` in the sandbox,
//! tokio-postgres in the store tests and [`scripted`] in the tests of handlers.
//!
//! The futures are not `Send`: an instance has one thread, and the tests run on a current-thread runtime.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod db;
pub mod http;
pub mod retry;
#[cfg(any(test, feature = "scripted"))]
pub mod scripted;

mod clock;
mod entropy;
#[cfg(test)]
mod retry_tests;
mod settings;
mod trace_context;

pub use crate::clock::Clock;
pub use crate::db::{Database, DbError, Param, Statement};
pub use crate::entropy::Entropy;
pub use crate::http::{Http, HttpError};
pub use crate::settings::{DatabaseAddress, Keys, Misconfigured, Settings};
pub use crate::trace_context::{REQUEST_ID, TRACEPARENT, TraceContext};
