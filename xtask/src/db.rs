//! `db`: the kept PostgreSQL by itself.

use std::sync::mpsc;

use anyhow::Context as _;

use crate::dev;

pub(crate) fn run() -> anyhow::Result<()> {
    let (sender, receiver) = mpsc::channel();
    ctrlc::set_handler(move || sender.send(()).unwrap_or_default()).context("cannot wait for Ctrl-C")?;
    let cluster = dev::start_database()?;
    println!("psql {:?}\npsql {:?}", cluster.address("users_db"), cluster.address("products_db"));
    println!("Ctrl-C stops it");
    receiver.recv()?;
    Ok(())
}
