//! The contract of Firestore's API, on the embedded emulator and, if it is installed, on Google's: both must respond alike.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test fails by panicking"
)]

mod cases;
mod client;
mod emulators;
mod native;
