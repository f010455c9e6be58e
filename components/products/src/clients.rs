//! The other services, as this service uses them.

pub mod orders;
