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

mod accounts;
mod addresses;
mod administration;
mod authentication;
mod authorisation;
mod bad_input;
mod carts;
mod catalogue;
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
mod routes;
mod throttling;
mod timing;
mod tokens;

use std::pin::Pin;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use cartwheel_tests::Shop;
use cartwheel_tests::shop::{all_log_lines, database_port, prepare_databases};
use futures_util::StreamExt as _;

type Run = fn(Arc<Shop>) -> Pin<Box<dyn Future<Output = ()> + Send>>;

/// The tests of a file: those that are not listed are dead code, which is an error.
macro_rules! tests {
    ($($name:ident),* $(,)?) => {
        pub(crate) const TESTS: &[(&str, crate::Run)] =
            &[$((stringify!($name), |shop| Box::pin($name(shop)))),*];
    };
}
pub(crate) use tests;

/// How many tests run at once.
const AT_ONCE: usize = 4;

fn main() -> ExitCode {
    let filter = std::env::args().skip(1).find(|argument| !argument.starts_with('-')).unwrap_or_default();
    let modules = [
        // The longest first.
        ("model", model::TESTS),
        ("routes", routes::TESTS),
        ("flows", flows::TESTS),
        ("conventions", conventions::TESTS),
        ("bad_input", bad_input::TESTS),
        ("carts", carts::TESTS),
        ("checkout", checkout::TESTS),
        ("orders", orders::TESTS),
        ("crash", crash::TESTS),
        ("deployment", deployment::TESTS),
        ("outage", outage::TESTS),
        ("catalogue", catalogue::TESTS),
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
    ];
    let tests: Vec<(String, Run)> = modules
        .iter()
        .flat_map(|(module, tests)| tests.iter().map(move |(name, run)| (format!("{module}::{name}"), *run)))
        .filter(|(name, _)| name.contains(&filter))
        .collect();
    println!("\nrunning {} tests", tests.len());
    let started = Instant::now();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    prepare_databases();
    let failed = runtime.block_on(async {
        let shop = Arc::new(Shop::start(database_port()));
        let run_all = async |tests: &[(String, Run)], at_once| {
            let finished = futures_util::stream::iter(tests)
                .map(|(name, run)| {
                    let shop = Arc::clone(&shop);
                    async move {
                        let outcome = tokio::spawn(run(shop)).await;
                        println!("test {name} ... {}", if outcome.is_ok() { "ok" } else { "FAILED" });
                        outcome.is_err()
                    }
                })
                .buffer_unordered(at_once);
            finished.filter(|is_failed| std::future::ready(*is_failed)).count().await
        };
        // What is measured is measured alone, a crowd takes all connections that the host has, and a shop with a Firestore of
        // its own would reconcile what the others reserve in the one products_db. What is looked for in the log of all tests
        // is looked for at the end.
        let (first, rest): (Vec<_>, Vec<_>) = tests.iter().cloned().partition(|(name, _)| {
            ["timing::", "crash::"].iter().any(|module| name.starts_with(module))
                || name.contains("_hundred_")
        });
        let (last, rest): (Vec<_>, Vec<_>) =
            rest.into_iter().partition(|(name, _)| name.starts_with("log::"));
        run_all(&first, 1).await + run_all(&rest, AT_ONCE).await + run_all(&last, 1).await
    });
    if failed > 0 {
        println!("\nwhat the components said of failures, the last of it (outages are made on purpose):");
        let lines = all_log_lines().into_iter().filter(|line| line.contains(r#""severity":"ERROR""#));
        let lines: Vec<String> = lines.collect();
        lines.iter().rev().take(40).rev().for_each(|line| println!("{line}"));
    }
    let (told, passed) = (if failed == 0 { "ok" } else { "FAILED" }, tests.len() - failed);
    let seconds = started.elapsed().as_secs();
    println!("\ntest result: {told}. {passed} passed; {failed} failed; 0 ignored; finished in {seconds}s\n");
    if failed == 0 && passed > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
