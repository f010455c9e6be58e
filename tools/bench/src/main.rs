//! Measures a running shop. See `tools/bench/README.md`.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "a command line tool prints its results")]
#![expect(clippy::disallowed_methods, reason = "latencies are measured with the machine's clock")]

mod hashing;
mod load;
mod search;

use std::time::Duration;

use anyhow::bail;
use lexopt::prelude::{Long, Value, ValueExt as _};

const USAGE: &str = "\
bench hashing [--url URL] [--rounds N] [--seconds N]    measures the effect of logins on reads of the catalog
bench search  [--url URL] [--seconds N]                 measures searches in 100,000 products
";

struct Options {
    url: String,
    rounds: usize,
    time: Duration,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut options =
        Options { url: "http://127.0.0.1:3000".to_owned(), rounds: 3, time: Duration::from_secs(5) };
    let mut command = None;
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next()? {
        match argument {
            Value(value) if command.is_none() => command = Some(value.string()?),
            Long("url") => options.url = arguments.value()?.string()?,
            Long("rounds") => options.rounds = arguments.value()?.parse()?,
            Long("seconds") => options.time = Duration::from_secs(arguments.value()?.parse()?),
            other => return Err(other.unexpected().into()),
        }
    }
    match command.as_deref() {
        Some("hashing") => hashing::run(&options).await,
        Some("search") => search::run(&options).await,
        _ => bail!("{USAGE}"),
    }
}
