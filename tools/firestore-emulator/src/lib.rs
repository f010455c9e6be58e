//! The part of Firestore's REST API that the shop uses, in memory, with Google's status codes.
//!
//! For local runs without Java or an account, and for tests that need a Firestore to fail in a certain way. Where it differs
//! from Google's, Google's is right: the contract tests of the `firestore` crate run on both.
#![forbid(unsafe_code)]

mod faults;
mod indexes;
mod query;
mod server;
mod status;
mod store;

pub use crate::indexes::Indexes;
pub use crate::server::{Emulator, serve};
pub use crate::store::Store;
