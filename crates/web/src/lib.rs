//! The HTTP edge of the services.
//!
//! A service is a table of routes and a function that dispatches a [`Call`]. [`serve`] does what every request needs: the
//! request id, the service token of internal routes, CORS, `content-length`, the security headers, `problem+json` for every
//! error, and the log line. This crate knows HTTP and JSON; it knows neither Spin nor any business rule.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod edge;
pub mod problem;
pub mod rate_limit;
pub mod route;

mod authentication;
mod body;
mod call;
mod conditional;
mod config;
mod cors;
mod cursors;
mod errors;
mod headers;
mod health;
mod log;
mod pagination;
mod query;
mod reply;
mod request_body;
mod trace;

#[cfg(test)]
mod tests;

pub use kernel::page;

pub use crate::body::{Body, BodyError};
pub use crate::call::{Call, ReadPeer};
pub use crate::config::EdgeConfig;
pub use crate::cors::Origins;
pub use crate::cursors::Cursors;
pub use crate::edge::{Served, Service, serve};
pub use crate::health::Health;
pub use crate::problem::Problem;
pub use crate::query::Query;
pub use crate::reply::Reply;
pub use crate::request_body::MAX_BODY_BYTES;
pub use crate::route::{Route, route};
