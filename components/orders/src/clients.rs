//! Other services as this one uses them.

pub(crate) mod products;
