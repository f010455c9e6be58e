//! `db`: the kept PostgreSQL by itself.

use std::time::Duration;

use crate::interrupt;
use crate::options::Options;
use crate::prerequisites::{Need, ensure};
use crate::state::State;

pub(crate) fn run(options: &Options, state: &State) -> anyhow::Result<()> {
    if options.postgres.is_none() {
        ensure(&[Need::Postgres])?;
    }
    let cluster = state.database(options.postgres.as_deref())?.start()?;
    // The addresses are what this command is for, with their password.
    println!("psql {:?}\npsql {:?}", cluster.address("users_db"), cluster.address("products_db"));
    println!("Ctrl-C stops it");
    while !interrupt::wait(Duration::from_secs(3600)) {}
    Ok(())
}
