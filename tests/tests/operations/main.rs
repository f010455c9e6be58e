//! Checks manifests, rules, workflows and Terraform against each other and the code. `cargo xtask k8s` builds the manifests and runs this.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test reports an unexpected value by panicking"
)]

mod deploy;
mod documents;
mod files;
mod json;
mod monitoring;
mod names;
mod reach;
mod schemas;
mod terraform;
mod workflows;
