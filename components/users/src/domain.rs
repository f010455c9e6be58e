//! Values and rules: accounts, addresses, sessions, limits on attempts, messages. Nothing here does I/O.

pub mod account;
pub mod address;
pub mod administration;
pub mod client;
pub mod credentials;
pub mod limits;
pub mod notification;
pub mod session;
pub mod throttle;
