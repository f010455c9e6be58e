//! Identity: passwords, access tokens, refresh tokens, one-time tokens, and the authentication of callers.
//!
//! Everything but [`authentication`] is pure: time and randomness are arguments, so each rule has a test without a host.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod authentication;
pub mod hasher;
pub mod keys;
pub mod one_time;
pub mod password;
pub mod refresh;
pub mod token;

mod eddsa;
mod hash_cost;
mod principal;

pub use crate::authentication::{Authentication, AuthenticationError, VerifiedToken};
pub use crate::hash_cost::{HashCost, InvalidCost};
pub use crate::hasher::PasswordHasher;
pub use crate::keys::{SigningKey, SigningKeys, VerificationKeys};
pub use crate::one_time::OneTimeToken;
pub use crate::password::{Password, PasswordHash};
pub use crate::principal::{Principal, Role};
pub use crate::refresh::RefreshToken;
pub use crate::token::{Claims, TokenIssuer, TokenVerifier};
