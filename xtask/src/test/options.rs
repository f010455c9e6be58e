//! The options of `test`.

use std::path::PathBuf;

use crate::arguments;

#[derive(Debug, Default)]
pub(crate) struct Options {
    /// The wanted steps; all if it is empty.
    pub(crate) only: Vec<String>,
    pub(crate) host: Option<String>,
    pub(crate) postgres: Option<PathBuf>,
}

impl arguments::Options for Options {
    const USAGE: &str = "\
cargo xtask test [--only STEP,..] [--host devhost|spin] [--postgres DIRECTORY]

Runs every check, from formatting to end-to-end tests, and prints a summary.

--only STEP,..          runs these steps, by their names in the summary
--host devhost|spin     runs the end-to-end tests on this host only
--postgres DIRECTORY    the folder with initdb, pg_ctl and postgres, or the folder above it";

    fn set(&mut self, name: &str, arguments: &mut lexopt::Parser) -> Result<bool, lexopt::Error> {
        match name {
            "only" => self.only = arguments::text(arguments)?.split(',').map(str::to_owned).collect(),
            "host" => self.host = Some(arguments::text(arguments)?),
            "postgres" => self.postgres = Some(arguments::path(arguments)?),
            _ => return Ok(false),
        }
        Ok(true)
    }
}
