//! What runs the shop elsewhere, held to itself and to the code: `cargo xtask k8s` builds the manifests and runs this.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test says what it expects by failing loudly"
)]

mod deploy;
mod files;
mod monitoring;
mod names;
mod reach;
mod schemas;
mod terraform;
mod workflows;
