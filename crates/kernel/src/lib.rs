//! The vocabulary that every service must agree on.
//!
//! A type belongs here when two services exchange it and must read it the same way. Nothing here does I/O, is async or
//! asks for the time: these types cannot fail for outside reasons, only because what they are given is wrong.
#![forbid(unsafe_code)]
#![warn(missing_docs)]
#![deny(clippy::arithmetic_side_effects)]

pub mod email;
pub mod money;

mod country;
mod id;
mod order_id;
mod page;
mod quantity;
mod time;

pub use crate::country::{Country, UnknownCountry};
pub use crate::email::Email;
pub use crate::id::{AddressId, CategoryId, ProductId, SessionId, UserId, VariantId};
pub use crate::money::{Currency, Money};
pub use crate::order_id::OrderId;
pub use crate::page::Limit;
pub use crate::quantity::Quantity;
pub use crate::time::Timestamp;
