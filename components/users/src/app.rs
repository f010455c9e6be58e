//! The use cases: what happens, in which order. Their errors are closed enums without HTTP.

pub(crate) mod accounts;
pub(crate) mod addresses;
pub(crate) mod administration;
pub(crate) mod admission;
pub(crate) mod authentication;
pub(crate) mod health;
pub(crate) mod login;
pub(crate) mod notification_delivery;
pub(crate) mod passwords;
pub(crate) mod recovery;
pub(crate) mod registration;
pub(crate) mod resource;
pub(crate) mod sessions;
