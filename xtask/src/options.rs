//! The command line.

use std::path::PathBuf;

use lexopt::prelude::{Long, Short, Value, ValueExt as _};

pub(crate) const USAGE: &str = "\
cargo xtask up       [--listen ADDRESS] [--host devhost|spin] [--database-url URL] [--firestore embedded|google|URL]
                     [--postgres DIRECTORY] [--state DIRECTORY] [--verbose] [--telemetry]
                                          runs the whole shop; --telemetry prints each request's trace as a tree
cargo xtask test     [--only STEP,..] [--host devhost|spin] [--postgres DIRECTORY]
                                          runs every check, from formatting to end-to-end tests
cargo xtask build    [--report]           builds the components; --report prints sizes and memory
cargo xtask worlds                        proves that the components import nothing outside wit/, and prints what they may do
cargo xtask k8s                           checks manifests, alerts, dashboards, workflows and Terraform, without a cluster
cargo xtask keys generate --kid NAME      prints a new pair of keys for tokens, for a cluster
cargo xtask keys rotate                   gives the development shop a new signing key; the one before stays valid
cargo xtask db       [--postgres DIRECTORY]    starts the private PostgreSQL and prints its addresses
cargo xtask reset                         stops it and removes .cartwheel

--postgres DIRECTORY  uses the PostgreSQL in this folder (with initdb, pg_ctl and postgres, or the folder above)
--state DIRECTORY     keeps the shop's data there, not in .cartwheel; also for db, keys rotate and reset
";

/// What the command line contains.
#[derive(Debug, Default)]
pub(crate) struct Options {
    pub(crate) command: Option<String>,
    pub(crate) subcommand: Option<String>,
    pub(crate) listen: Option<String>,
    pub(crate) host: Option<String>,
    pub(crate) database_url: Option<String>,
    pub(crate) firestore: Option<String>,
    pub(crate) postgres: Option<PathBuf>,
    pub(crate) state: Option<PathBuf>,
    pub(crate) only: Vec<String>,
    pub(crate) report: bool,
    pub(crate) verbose: bool,
    pub(crate) telemetry: bool,
    pub(crate) kid: Option<String>,
}

impl Options {
    /// Reads the arguments of this process.
    pub(crate) fn from_env() -> Result<Self, lexopt::Error> {
        Self::parse(lexopt::Parser::from_env())
    }

    fn parse(mut arguments: lexopt::Parser) -> Result<Self, lexopt::Error> {
        let mut options = Self::default();
        let mut is_help = false;
        while let Some(argument) = arguments.next()? {
            match argument {
                Value(value) if options.command.is_none() => options.command = Some(value.string()?),
                Value(value) if options.subcommand.is_none() => options.subcommand = Some(value.string()?),
                Long("listen") => options.listen = Some(arguments.value()?.string()?),
                Long("host") => options.host = Some(arguments.value()?.string()?),
                Long("database-url") => options.database_url = Some(arguments.value()?.string()?),
                Long("firestore") => options.firestore = Some(arguments.value()?.string()?),
                // Programs run in other folders, so these become absolute.
                Long("postgres") => options.postgres = Some(absolute(arguments.value()?.into())),
                Long("state") => options.state = Some(absolute(arguments.value()?.into())),
                Long("only") => {
                    options.only = arguments.value()?.string()?.split(',').map(str::to_owned).collect();
                }
                Long("report") => options.report = true,
                Long("verbose") => options.verbose = true,
                Long("telemetry") => options.telemetry = true,
                Long("kid") => options.kid = Some(arguments.value()?.string()?),
                Long("help") | Short('h') => is_help = true,
                other => return Err(other.unexpected()),
            }
        }
        if is_help {
            options.command = None;
        }
        Ok(options)
    }
}

fn absolute(path: PathBuf) -> PathBuf {
    std::path::absolute(&path).unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Result<Options, lexopt::Error> {
        Options::parse(lexopt::Parser::from_args(arguments))
    }

    #[test]
    fn steps_are_separated_by_commas_and_folders_become_absolute() {
        let options = parse(&["test", "--only", "store,e2e", "--postgres", "pg"]).unwrap();
        assert_eq!(options.only, ["store", "e2e"]);
        assert!(options.postgres.unwrap().is_absolute());
    }

    #[test]
    fn help_wins_over_a_command_and_an_unknown_option_is_an_error() {
        assert_eq!(parse(&["up", "--help"]).unwrap().command, None);
        assert!(parse(&["up", "--port", "3000"]).is_err());
    }
}
