//! The HTTP edge that the services share.
//!
//! A service is a table of routes and one function that answers a [`Call`]; [`edge::serve`] does what every answer needs:
//! the request id, CORS, `content-length`, the security headers, `problem+json` for every error, and the one log line.
//! This crate knows HTTP and JSON. It knows neither Spin nor any business rule.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod edge;
pub mod fields;
pub mod problem;
pub mod route;

mod body;
mod call;
mod cors;
mod cursors;
mod dependency;
mod health;
mod identification;
mod query;
mod reply;
mod trace;

#[cfg(test)]
mod edge_tests;

pub use crate::body::{Body, BodyError};
pub use crate::call::{Call, IfMatch, MAX_BODY_BYTES};
pub use crate::cors::Origins;
pub use crate::cursors::Cursors;
pub use crate::edge::{Served, Service, serve};
pub use crate::fields::{Fault, Fields};
pub use crate::health::Health;
pub use crate::identification::{Claimed, Identification};
pub use crate::problem::{FieldError, Problem};
pub use crate::query::Query;
pub use crate::reply::{Reply, page_json};
pub use crate::route::{Params, Route, route};
pub use crate::trace::Trace;
