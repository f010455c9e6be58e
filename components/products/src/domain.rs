//! Values and rules: no I/O, no HTTP, no host.

pub mod category;
pub mod changes;
pub mod export;
pub mod filter;
pub mod import;
pub mod limits;
pub mod movement;
pub mod product;
pub mod rejection;
pub mod reservation;
pub mod review;
pub mod variant;

mod readers;
