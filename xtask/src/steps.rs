//! Steps with a heading and a time.

use std::time::Instant;

/// Does a long step: says what it is, and how long it took.
pub(crate) fn step<T>(what: &str, work: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
    eprintln!("==> {what}");
    let started = Instant::now();
    let result = work();
    let seconds = started.elapsed().as_millis() / 100;
    eprintln!(
        "    {} after {}.{} s",
        if result.is_ok() { "done" } else { "FAILED" },
        seconds / 10,
        seconds % 10
    );
    result
}
