//! Applies the numbered migrations of a service's database, seeds it, and makes its role and its first accounts.
//!
//! Each migration runs in a transaction of its own and is written down with a checksum: a migration that was applied and then
//! edited is refused. An advisory lock keeps two migrators apart.
#![forbid(unsafe_code)]

mod account;
mod bootstrap;
mod files;
mod migrations;

pub use crate::account::{NewAccount, create_account};
pub use crate::bootstrap::{Role, bootstrap};
pub use crate::files::Service;
pub use crate::migrations::{down, seed, status, up};
