//! The capabilities on Spin: the only crate, with each entry.rs, that names spin-sdk
