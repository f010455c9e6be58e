//! The client's view of Firestore, on the embedded emulator and, where it is installed, on Google's: the same requests must
//! get the same answers, or the embedded one is wrong.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test says what it expects by failing loudly"
)]

mod cases;
mod client;
mod emulators;
mod native;
