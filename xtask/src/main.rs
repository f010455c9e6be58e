//! The developer's commands. `cargo xtask` alone lists them.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line tool prints its results")]
#![expect(clippy::disallowed_methods, reason = "durations are measured with the machine's clock")]

mod arguments;
mod build;
mod db;
mod error;
mod http;
mod interrupt;
mod k8s;
mod keys;
mod manifest;
mod migrate;
mod packages;
mod poll;
mod postgres;
mod prerequisites;
mod process;
mod process_table;
mod redact;
mod reset;
mod secrets;
mod server;
mod state;
mod steps;
#[cfg(test)]
mod structure;
mod telemetry;
mod test;
mod toolchain;
mod tools;
mod up;
mod worlds;

use std::process::ExitCode;

use anyhow::bail;

use crate::arguments::Options;
use crate::error::Advise as _;

const USAGE: &str = "\
cargo xtask up                runs the whole shop
cargo xtask test              runs every check, from formatting to end-to-end tests
cargo xtask build             builds the components; --report prints sizes and memory
cargo xtask worlds            checks that the components import nothing outside wit/, and prints what they may do
cargo xtask k8s               checks manifests, alerts, dashboards, workflows and Terraform, without a cluster
cargo xtask keys generate     prints a new pair of token keys, for a cluster
cargo xtask keys rotate       creates a new signing key for the development shop; the previous one stays valid
cargo xtask db                starts the private PostgreSQL and prints its addresses
cargo xtask reset             stops the shop and removes its data

cargo xtask COMMAND --help    describes the options of a command";

/// The advice if the command line names no command.
const ADVICE: &str = "`cargo xtask --help` lists the commands.";

fn main() -> ExitCode {
    let result = interrupt::install().and_then(|()| run(lexopt::Parser::from_env()));
    interrupt::finish();
    match result {
        Ok(()) => ExitCode::SUCCESS,
        // An interrupted operation fails with an error of its own, which adds no information.
        Err(_) if interrupt::is_requested() => {
            eprintln!("\nstopped");
            ExitCode::from(interrupt::EXIT_CODE)
        }
        Err(error) => {
            eprintln!("\n{}", error::paragraph(&error));
            ExitCode::FAILURE
        }
    }
}

fn run(mut arguments: lexopt::Parser) -> anyhow::Result<()> {
    let command = arguments::command(&mut arguments).advise(ADVICE)?;
    match command.as_deref() {
        Some("up") => with_options(arguments, up::run),
        Some("test") => with_options(arguments, test::run),
        Some("build") => with_options(arguments, build::run),
        Some("worlds") => with_options(arguments, worlds::run),
        Some("k8s") => with_options(arguments, k8s::run),
        Some("keys") => run_keys(arguments),
        Some("db") => with_options(arguments, db::run),
        Some("reset") => with_options(arguments, reset::run),
        None => {
            println!("{USAGE}");
            Ok(())
        }
        Some(other) => unknown(other),
    }
}

fn run_keys(mut arguments: lexopt::Parser) -> anyhow::Result<()> {
    match arguments::command(&mut arguments).advise(ADVICE)?.as_deref() {
        Some("generate") => with_options(arguments, keys::generate),
        Some("rotate") => with_options(arguments, keys::rotate),
        None => {
            println!("{}\n\n{}", keys::GenerateOptions::USAGE, keys::RotateOptions::USAGE);
            Ok(())
        }
        Some(other) => unknown(&format!("keys {other}")),
    }
}

/// Parses the options of a command and runs it, or prints its usage.
fn with_options<O: Options>(
    arguments: lexopt::Parser,
    run: impl FnOnce(&O) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    match arguments::parse::<O>(arguments)? {
        Some(options) => run(&options),
        None => {
            println!("{}", O::USAGE);
            Ok(())
        }
    }
}

fn unknown(command: &str) -> anyhow::Result<()> {
    let fail = || -> anyhow::Result<()> { bail!("there is no command `{command}`") };
    fail().advise(ADVICE)
}
