//! What a developer's shop keeps: `.cartwheel/`.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::Context as _;

use crate::pg::{self, Cluster};
use crate::process::{Server, built, output, root};
use crate::steps::step;

/// The folder.
pub(crate) fn folder() -> PathBuf {
    root().join(".cartwheel")
}

/// Starts the kept PostgreSQL.
pub(crate) fn start_database() -> anyhow::Result<Cluster> {
    step("start PostgreSQL", || Cluster::start(&pg::reachable_folder(&folder())?))
}

/// Brings both databases up to date. `admin` is the administrator's address of the database `postgres`, `address` makes that
/// of another database.
pub(crate) fn migrate(
    admin: &str,
    address: impl Fn(&str) -> String,
    password: impl Fn(&str) -> anyhow::Result<String>,
) -> anyhow::Result<()> {
    step("migrate and seed users_db and products_db", || {
        for service in ["users", "products"] {
            let database = address(&format!("{service}_db"));
            let role = password(&format!("{}_DB_PASSWORD", service.to_uppercase()))?;
            output(
                migrator(&["bootstrap", "--service", service, "--url", admin]).env("ROLE_PASSWORD", role),
            )?;
            output(&mut migrator(&["up", "--service", service, "--url", &database]))?;
            output(&mut migrator(&["seed", "--service", service, "--url", &database]))?;
        }
        for (email, name, role, password) in ACCOUNTS {
            let url = address("users_db");
            let arguments =
                ["create-account", "--url", &url, "--email", email, "--name", name, "--role", role];
            output(migrator(&arguments).env("ACCOUNT_PASSWORD", password))?;
        }
        Ok(())
    })
}

/// The demo accounts: address, name, role, password.
pub(crate) const ACCOUNTS: [(&str, &str, &str, &str); 2] = [
    ("ada@example.com", "Ada Lovelace", "customer", "correct horse battery"),
    ("admin@example.com", "Shop Admin", "admin", "correct horse battery staple"),
];

fn migrator(arguments: &[&str]) -> Command {
    let mut command = Command::new(built("migrate"));
    command.args(arguments);
    command
}

/// Writes down which processes the shop consists of, for a run that is killed before it can stop them.
pub(crate) fn remember(servers: &[Server]) -> anyhow::Result<()> {
    let ids: String = servers.iter().map(|server| format!("{}\n", server.id())).collect();
    fs::write(folder().join("processes"), ids).context("cannot write .cartwheel/processes")
}

/// Stops the servers of a run that was killed.
pub(crate) fn stop_leftovers() {
    let known = fs::read_to_string(folder().join("processes")).unwrap_or_default();
    for id in known.lines() {
        // The number may be another program's by now.
        let program = output(Command::new("ps").args(["-o", "args=", "-p", id])).unwrap_or_default();
        if ["devhost", "firestore-emulator", "spin up", "cloud_firestore_emulator"]
            .iter()
            .any(|name| program.contains(name))
        {
            let _ = Command::new("kill").args(["-KILL", "--", &format!("-{id}")]).status();
        }
    }
    let _ = fs::remove_file(folder().join("processes"));
}

/// Stops what may be left of a shop, and removes all that it kept.
pub(crate) fn reset() -> anyhow::Result<()> {
    let folder = folder();
    if !folder.exists() {
        eprintln!("there is nothing to reset");
        return Ok(());
    }
    stop_leftovers();
    let database = pg::reachable_folder(&folder)?;
    pg::stop_leftover(&database);
    for kept in [database, folder] {
        if kept.exists() {
            fs::remove_dir_all(&kept).with_context(|| format!("cannot remove {}", kept.display()))?;
        }
    }
    eprintln!("the next `cargo xtask up` starts over");
    Ok(())
}
