//! Prints the progress of long steps.

use std::time::Instant;

/// Runs a step, and prints its title and its duration.
pub(crate) fn step<T>(title: &str, work: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
    eprintln!("==> {title}");
    let started = Instant::now();
    let result = work();
    let tenths = started.elapsed().as_millis() / 100;
    let outcome = if result.is_ok() { "done" } else { "FAILED" };
    eprintln!("    {outcome} after {}.{} s", tenths / 10, tenths % 10);
    result
}
