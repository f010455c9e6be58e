//! Firestore over its REST API: documents, preconditioned commits, queries.
//!
//! There are no transactions. A commit checks its preconditions and applies all of its writes or none, in one round trip
//! and without a lock; a writer states the update time of the document that it has read. The meaning of a failure is read
//! from `error.status` and not from the HTTP status: 409 stands for final and for transient failures.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod query;
pub mod value;
pub mod write;

mod call;
mod client;
mod credentials;
mod error;
mod token_cache;

pub use crate::client::{Firestore, Versioned};
pub use crate::credentials::Credentials;
pub use crate::error::{CommitError, Error};
pub use crate::query::{Direction, Query};
pub use crate::value::{Fields, ValueError};
pub use crate::write::Write;
