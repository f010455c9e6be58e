//! Runs the tests of all files on one shop, with the arguments and the output of Rust's own test harness.

use std::pin::Pin;
use std::process::ExitCode;
use std::sync::Arc;

use cartwheel_tests::Shop;
use cartwheel_tests::shop::{all_log_lines, database_port, prepare_databases};
use libtest_mimic::{Arguments, Conclusion, Trial};
use tokio::runtime::{Builder, Runtime};

/// How many tests run at once.
const AT_ONCE: usize = 4;

/// When a test runs. A test without an attribute runs beside others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Schedule {
    /// Beside others.
    Together,
    /// `#[alone]`: before the others. A measurement needs a quiet machine, a crowd takes all connections of the host, and a shop
    /// with a Firestore of its own would reconcile what the others reserve in the one products_db.
    Alone,
    /// `#[last]`: after the others, because it searches the log of all tests.
    Last,
}

/// A test under way.
type Running = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A test, by its name.
#[derive(Clone, Copy)]
pub(crate) struct Test {
    pub(crate) name: &'static str,
    pub(crate) schedule: Schedule,
    pub(crate) run: fn(Arc<Shop>) -> Running,
}

/// Lists the tests of a file. A test that is not listed is dead code, which is an error.
macro_rules! tests {
    ($($(#[$schedule:ident])? $name:ident),* $(,)?) => {
        pub(crate) const TESTS: &[crate::harness::Test] = &[$(crate::harness::Test {
            name: stringify!($name),
            schedule: crate::harness::schedule!($($schedule)?),
            run: |shop| Box::pin($name(shop)),
        }),*];
    };
}
macro_rules! schedule {
    () => {
        crate::harness::Schedule::Together
    };
    (alone) => {
        crate::harness::Schedule::Alone
    };
    (last) => {
        crate::harness::Schedule::Last
    };
}
pub(crate) use {schedule, tests};

/// Runs the tests of the modules, and prints the components' errors if one fails.
pub(crate) fn run(modules: &[(&str, &[Test])]) -> ExitCode {
    let arguments = Arguments::from_args();
    let runtime = Arc::new(Builder::new_multi_thread().enable_all().build().unwrap());
    if arguments.list {
        libtest_mimic::run(&arguments, trials(modules, None, &runtime)).exit();
    }
    prepare_databases();
    let shop = Arc::new(runtime.block_on(async { Shop::start(database_port()) }));
    let conclude = |schedule, at_once| {
        let trials = trials(modules, Some((schedule, &shop)), &runtime);
        let threads = arguments.test_threads.unwrap_or(at_once).min(at_once);
        libtest_mimic::run(&Arguments { test_threads: Some(threads), ..arguments.clone() }, trials)
    };
    let conclusions =
        [conclude(Schedule::Alone, 1), conclude(Schedule::Together, AT_ONCE), conclude(Schedule::Last, 1)];
    if conclusions.iter().any(Conclusion::has_failed) {
        print_errors();
        return ExitCode::FAILURE;
    }
    let passed: u64 = conclusions.iter().map(|conclusion| conclusion.num_passed).sum();
    if passed > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Returns the tests of one schedule, or all of them to be listed.
fn trials(
    modules: &[(&str, &[Test])],
    wanted: Option<(Schedule, &Arc<Shop>)>,
    runtime: &Arc<Runtime>,
) -> Vec<Trial> {
    let tests = modules.iter().flat_map(|(module, tests)| tests.iter().map(move |test| (module, *test)));
    tests
        .filter(|(_, test)| wanted.is_none_or(|(schedule, _)| test.schedule == schedule))
        .map(|(module, test)| {
            let (runtime, shop) = (Arc::clone(runtime), wanted.map(|(_, shop)| Arc::clone(shop)));
            Trial::test(format!("{module}::{}", test.name), move || {
                let shop = shop.ok_or("a listed test is not run")?;
                // A task of the runtime: some tests block in place.
                runtime.block_on(runtime.spawn((test.run)(shop))).map_err(|_| "it panicked".into())
            })
        })
        .collect()
}

fn print_errors() {
    println!("\nThe last errors that the components logged (some tests cause outages on purpose):");
    let lines = all_log_lines().into_iter().filter(|line| line.contains(r#""severity":"ERROR""#));
    let lines: Vec<String> = lines.collect();
    lines.iter().rev().take(40).rev().for_each(|line| println!("{line}"));
}
