//! The developer's commands. `cargo xtask` alone lists them.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line tool talks to a person")]
#![expect(clippy::disallowed_methods, reason = "progress is measured by this machine's clock")]

mod components;
mod db;
mod dev;
mod k8s;
mod keys;
mod manifest;
mod pg;
mod process;
mod report;
mod steps;
mod telemetry;
mod test;
mod toolchain;
mod tools;
mod up;
mod worlds;

use anyhow::bail;
use lexopt::prelude::{Long, Value, ValueExt as _};

const USAGE: &str = "\
cargo xtask up       [--listen ADDRESS] [--host devhost|spin] [--database-url URL] [--firestore embedded|google|URL]
                     [--verbose] [--telemetry]    runs the whole shop; --telemetry prints each request's trace as a tree
cargo xtask test     [--only STEP,..] [--host devhost|spin]    runs every check, from formatting to end-to-end tests
cargo xtask build    [--report]           builds the components; --report prints sizes and memory
cargo xtask worlds                        proves that the components import nothing outside wit/, and prints what they may do
cargo xtask k8s                           checks manifests, alerts, dashboards, workflows and Terraform, without a cluster
cargo xtask keys generate --kid NAME      prints a new pair of keys for tokens, for a cluster
cargo xtask keys rotate                   gives the development shop a new signing key; the one before stays valid
cargo xtask db                            starts the private PostgreSQL and prints its addresses
cargo xtask reset                         stops it and removes .cartwheel
";

/// What the command line said.
#[derive(Debug, Default)]
pub(crate) struct Options {
    listen: Option<String>,
    host: Option<String>,
    database_url: Option<String>,
    firestore: Option<String>,
    only: Vec<String>,
    report: bool,
    verbose: bool,
    telemetry: bool,
    kid: Option<String>,
}

fn main() -> anyhow::Result<()> {
    let mut command = None;
    let mut subcommand = None;
    let mut options = Options::default();
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next()? {
        match argument {
            Value(value) if command.is_none() => command = Some(value.string()?),
            Value(value) if subcommand.is_none() => subcommand = Some(value.string()?),
            Long("listen") => options.listen = Some(arguments.value()?.string()?),
            Long("host") => options.host = Some(arguments.value()?.string()?),
            Long("database-url") => options.database_url = Some(arguments.value()?.string()?),
            Long("firestore") => options.firestore = Some(arguments.value()?.string()?),
            Long("only") => {
                options.only = arguments.value()?.string()?.split(',').map(str::to_owned).collect();
            }
            Long("report") => options.report = true,
            Long("verbose") => options.verbose = true,
            Long("telemetry") => options.telemetry = true,
            Long("kid") => options.kid = Some(arguments.value()?.string()?),
            Long("help") => command = None,
            other => return Err(other.unexpected().into()),
        }
    }
    if let (Some(command), Some(subcommand)) = (&command, &subcommand)
        && !(command == "keys" && ["rotate", "generate"].contains(&subcommand.as_str()))
    {
        bail!("there is no {command:?} {subcommand:?}\n{USAGE}");
    }
    match command.as_deref() {
        Some("keys") if subcommand.as_deref() == Some("generate") => {
            keys::generate(options.kid.as_deref().unwrap_or("production-1"))
        }
        Some("keys") if subcommand.is_some() => keys::rotate(&dev::folder().join("dev.env")),
        Some("up") => up::run(&options),
        Some("test") => test::run(&options),
        Some("build") => {
            components::build()?;
            if options.report { report::run() } else { Ok(()) }
        }
        Some("worlds") => worlds::run(),
        Some("k8s") => k8s::run_all(),
        Some("db") => db::run(),
        Some("reset") => dev::reset(),
        None => {
            println!("{USAGE}");
            Ok(())
        }
        Some(other) => bail!("there is no {other:?}\n{USAGE}"),
    }
}
