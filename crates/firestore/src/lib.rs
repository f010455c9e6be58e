//! Firestore over its REST API: documents, preconditioned commits, queries.
//!
//! There are no transactions here. A commit checks its preconditions and applies all of its writes or none, in one round
//! trip and without a lock; a reader who has to write what it read says so with the document's update time. What a failure
//! means is read from `error.status`, never from the HTTP status: 409 is both a final answer and a passing one.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod query;
pub mod value;
pub mod write;

mod client;
mod credentials;
mod error;

pub use crate::client::{Document, Firestore};
pub use crate::credentials::Credentials;
pub use crate::error::{CommitError, Error};
pub use crate::query::{Direction, Query};
pub use crate::value::Fields;
pub use crate::write::Write;
