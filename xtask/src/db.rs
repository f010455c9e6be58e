//! `db`: runs the development PostgreSQL alone.

use std::path::PathBuf;
use std::time::Duration;

use crate::arguments;
use crate::interrupt;
use crate::prerequisites::{Need, ensure};
use crate::state::State;

#[derive(Debug, Default)]
pub(crate) struct Options {
    postgres: Option<PathBuf>,
    state: Option<PathBuf>,
}

impl arguments::Options for Options {
    const USAGE: &str = "\
cargo xtask db [--postgres DIRECTORY] [--state DIRECTORY]

Starts the private PostgreSQL and prints its addresses.

--postgres DIRECTORY    the folder with initdb, pg_ctl and postgres, or the folder above it
--state DIRECTORY       the folder of the shop's data, .cartwheel by default";

    fn set(&mut self, name: &str, arguments: &mut lexopt::Parser) -> Result<bool, lexopt::Error> {
        match name {
            "postgres" => self.postgres = Some(arguments::path(arguments)?),
            "state" => self.state = Some(arguments::path(arguments)?),
            _ => return Ok(false),
        }
        Ok(true)
    }
}

pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    if options.postgres.is_none() {
        ensure(&[Need::Postgres])?;
    }
    let state = State::new(options.state.as_deref())?;
    let cluster = state.database(options.postgres.as_deref())?.start()?;
    // The addresses contain the password: printing them is the purpose of this command.
    println!("psql {:?}\npsql {:?}", cluster.address("users_db"), cluster.address("products_db"));
    println!("Ctrl-C stops it");
    while !interrupt::wait(Duration::from_secs(3600)) {}
    Ok(())
}
