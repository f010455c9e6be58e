//! Tests devhost as a process. Its component is the probe.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "all of this is test code, and Clippy knows only the functions marked as tests"
)]

mod http;
mod outbound;
mod platform;
mod postgres;
mod process;
