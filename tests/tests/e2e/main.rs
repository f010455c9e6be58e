//! The shop from outside, over HTTP. `cargo xtask test --only e2e` runs this with everything it needs.
#![allow(
    clippy::cmp_owned,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a test says what it expects by failing loudly, and waits by this machine's clock"
)]

mod harness;

mod accounts;
mod addresses;
mod administration;
mod authentication;
mod authorisation;
mod bad_input;
mod carts;
mod catalog;
mod checkout;
mod conventions;
mod crash;
mod deployment;
mod flows;
mod import;
mod log;
mod model;
mod orders;
mod outage;
mod recovery;
mod throttling;
mod timing;
mod tokens;

use std::process::ExitCode;

pub(crate) use crate::harness::tests;

fn main() -> ExitCode {
    harness::run(&[
        // The longest first.
        ("model", model::TESTS),
        ("flows", flows::TESTS),
        ("conventions", conventions::TESTS),
        ("bad_input", bad_input::TESTS),
        ("carts", carts::TESTS),
        ("checkout", checkout::TESTS),
        ("orders", orders::TESTS),
        ("crash", crash::TESTS),
        ("deployment", deployment::TESTS),
        ("outage", outage::TESTS),
        ("catalog", catalog::TESTS),
        ("import", import::TESTS),
        ("accounts", accounts::TESTS),
        ("addresses", addresses::TESTS),
        ("recovery", recovery::TESTS),
        ("administration", administration::TESTS),
        ("authentication", authentication::TESTS),
        ("throttling", throttling::TESTS),
        ("tokens", tokens::TESTS),
        ("authorisation", authorisation::TESTS),
        ("timing", timing::TESTS),
        ("log", log::TESTS),
    ])
}
