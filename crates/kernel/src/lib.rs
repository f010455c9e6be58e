//! The values that all services must read the same way.
//!
//! A type belongs here when two services exchange it or when the domain of a service needs it. Nothing here does I/O, is
//! async or reads a clock: every function depends on its arguments only.
#![forbid(unsafe_code)]
#![warn(missing_docs)]
#![deny(clippy::arithmetic_side_effects)]

pub mod email;
pub mod fields;
pub mod money;
pub mod page;

mod country;
mod digest;
mod expected_version;
mod id;
mod like;
mod order_id;
mod quantity;
mod time;

pub use crate::country::{Country, UnknownCountry};
pub use crate::digest::{hex, hmac_sha256};
pub use crate::email::Email;
pub use crate::expected_version::ExpectedVersion;
pub use crate::id::{AddressId, CategoryId, InvalidId, ProductId, SessionId, UserId, VariantId};
pub use crate::like::like_literal;
pub use crate::money::{Currency, Money};
pub use crate::order_id::{InvalidOrderId, OrderId};
pub use crate::page::Limit;
pub use crate::quantity::{Quantity, QuantityError};
pub use crate::time::Timestamp;
