//! Applies the numbered migrations and the functions of a service's database, seeds it, and creates its role and its first
//! accounts.
//!
//! Each migration runs in a transaction of its own and is recorded with a checksum: a migration that was applied and then
//! edited is refused. An advisory lock excludes a second migrator.
#![forbid(unsafe_code)]

mod account;
mod bootstrap;
mod files;
mod functions;
mod migrations;

pub use crate::account::{NewAccount, create_account};
pub use crate::bootstrap::{Role, bootstrap};
pub use crate::files::Service;
pub use crate::migrations::{Changes, down, seed, status, up};
