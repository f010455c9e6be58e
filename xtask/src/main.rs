//! The developer's commands. `cargo xtask` alone lists them.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line tool talks to a person")]
#![expect(clippy::disallowed_methods, reason = "progress is measured by this machine's clock")]

mod components;
mod db;
mod error;
mod http;
mod interrupt;
mod k8s;
mod keys;
mod manifest;
mod migrate;
mod options;
mod packages;
mod postgres;
mod prerequisites;
mod process;
mod process_table;
mod redact;
mod report;
mod server;
mod state;
mod steps;
mod telemetry;
mod test;
mod toolchain;
mod tools;
mod up;
mod worlds;

use std::process::ExitCode;

use anyhow::bail;

use crate::error::Advise as _;
use crate::options::{Options, USAGE};
use crate::prerequisites::{Need, ensure};
use crate::state::State;

fn main() -> ExitCode {
    let result = Options::from_env()
        .map_err(anyhow::Error::from)
        .advise("`cargo xtask --help` lists the commands and their options.")
        .and_then(|options| interrupt::install().and_then(|()| run(&options)));
    interrupt::finish();
    match result {
        Ok(()) => ExitCode::SUCCESS,
        // What was interrupted fails with an error of its own, which says nothing new.
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

fn run(options: &Options) -> anyhow::Result<()> {
    let state = State::new(options.state.as_deref())?;
    match (options.command.as_deref(), options.subcommand.as_deref()) {
        (Some("keys"), Some("generate")) => keys::generate(options.kid.as_deref().unwrap_or("production-1")),
        (Some("keys"), Some("rotate")) => keys::rotate(&state.file("dev.env")),
        (Some("up"), None) => up::run(options, &state),
        (Some("test"), None) => test::run(options),
        (Some("build"), None) => {
            ensure(&[Need::Wasm])?;
            components::build()?;
            if options.report { report::run() } else { Ok(()) }
        }
        (Some("worlds"), None) => worlds::run(),
        (Some("k8s"), None) => {
            ensure(&k8s::NEEDS)?;
            k8s::run_all()
        }
        (Some("db"), None) => db::run(options, &state),
        (Some("reset"), None) => state.reset(),
        (None, _) => {
            println!("{USAGE}");
            Ok(())
        }
        (Some(command), subcommand) => unknown(command, subcommand),
    }
}

fn unknown(command: &str, subcommand: Option<&str>) -> anyhow::Result<()> {
    let fail = || -> anyhow::Result<()> {
        match subcommand {
            Some(subcommand) => bail!("there is no command `{command} {subcommand}`"),
            None => bail!("there is no command `{command}`"),
        }
    };
    fail().advise("`cargo xtask --help` lists the commands and their options.")
}
