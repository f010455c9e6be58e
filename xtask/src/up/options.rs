//! The options of `up`.

use std::path::PathBuf;

use crate::arguments;

#[derive(Debug, Default)]
pub(crate) struct Options {
    pub(super) listen: Option<String>,
    pub(super) host: Option<String>,
    pub(super) database_url: Option<String>,
    pub(super) firestore: Option<String>,
    pub(super) postgres: Option<PathBuf>,
    pub(super) state: Option<PathBuf>,
    pub(super) is_verbose: bool,
    pub(super) has_telemetry: bool,
}

impl Options {
    /// Returns the address on which the shop listens.
    pub(super) fn listen(&self) -> &str {
        self.listen.as_deref().unwrap_or("127.0.0.1:3000")
    }
}

impl arguments::Options for Options {
    const USAGE: &str = "\
cargo xtask up [--listen ADDRESS] [--host devhost|spin] [--database-url URL] [--firestore embedded|google|URL]
               [--postgres DIRECTORY] [--state DIRECTORY] [--verbose] [--telemetry]

Runs the whole shop until Ctrl-C.

--listen ADDRESS        the address of the shop, 127.0.0.1:3000 by default
--host devhost|spin     the host of the components, by default spin if version 4.1 or later is on PATH
--database-url URL      an existing PostgreSQL, as postgres://user:password@host:port/postgres
--firestore embedded    the emulator of this project (default); `google` is Google's emulator, a URL is a real Firestore
--postgres DIRECTORY    the folder with initdb, pg_ctl and postgres, or the folder above it
--state DIRECTORY       the folder of the shop's data, .cartwheel by default
--verbose               prints the log of the components
--telemetry             prints the trace of each request as a tree";

    fn set(&mut self, name: &str, arguments: &mut lexopt::Parser) -> Result<bool, lexopt::Error> {
        match name {
            "listen" => self.listen = Some(arguments::text(arguments)?),
            "host" => self.host = Some(arguments::text(arguments)?),
            "database-url" => self.database_url = Some(arguments::text(arguments)?),
            "firestore" => self.firestore = Some(arguments::text(arguments)?),
            "postgres" => self.postgres = Some(arguments::path(arguments)?),
            "state" => self.state = Some(arguments::path(arguments)?),
            "verbose" => self.is_verbose = true,
            "telemetry" => self.has_telemetry = true,
            _ => return Ok(false),
        }
        Ok(true)
    }
}
