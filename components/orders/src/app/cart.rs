//! Carts of users and guests.

mod change;
mod loading;
mod merge;
mod pricing;

pub(crate) use self::change::{ChangedCart, change};
pub(crate) use self::loading::{CartAccess, load, load_or_create};
pub(crate) use self::merge::merge;
pub(crate) use self::pricing::price;
use super::failure::{Failure, contains_failure};
use crate::domain::cart::CartChangeError;
pub(crate) use crate::store::carts::LoadedCart;
use identity::AuthenticationError;

#[derive(Debug, thiserror::Error)]
pub(crate) enum CartError {
    #[error(transparent)]
    Authentication(#[from] AuthenticationError),
    #[error("there is no such cart")]
    NotFound,
    #[error(transparent)]
    Change(#[from] CartChangeError),
    #[error("concurrent requests keep changing the cart")]
    Busy,
    #[error(transparent)]
    Failure(#[from] Failure),
}

contains_failure!(CartError);
