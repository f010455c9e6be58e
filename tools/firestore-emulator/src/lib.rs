//! Implements the part of Firestore's REST API that the shop uses, in memory, with Google's status codes.
//!
//! It serves local runs without Java or an account, and tests that inject faults. The reference is Google's Firestore: the
//! contract tests of the `firestore` crate run on both.
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
