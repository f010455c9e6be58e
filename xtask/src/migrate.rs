//! Runs the migrator. The address of the database is in its environment, which other users of the machine cannot read.

use std::process::Command;

use anyhow::Context as _;

use crate::error::Advise as _;
use crate::process::{built, cmd, output};
use crate::steps::step;

/// A demo account.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Account {
    pub(crate) email: &'static str,
    name: &'static str,
    pub(crate) role: &'static str,
    pub(crate) password: &'static str,
}

/// The demo accounts.
pub(crate) const ACCOUNTS: [Account; 2] = [
    Account {
        email: "ada@example.com",
        name: "Ada Lovelace",
        role: "customer",
        password: "correct horse battery",
    },
    Account {
        email: "admin@example.com",
        name: "Shop Admin",
        role: "admin",
        password: "correct horse battery staple",
    },
];

/// The advice if a database cannot be migrated.
const ADVICE: &str = "If an older checkout made the development database, `cargo xtask reset` removes it with its data, and \
    `cargo xtask up` makes a new one.";

/// Migrates and seeds both databases, and creates the demo accounts. `admin` is the administrator's address of the database
/// `postgres`, `address` returns that of another database, `password` returns a password by the name of its variable.
pub(crate) fn databases(
    admin: &str,
    address: impl Fn(&str) -> String,
    password: impl Fn(&str) -> anyhow::Result<String>,
) -> anyhow::Result<()> {
    step("migrate and seed users_db and products_db", || {
        for service in ["users", "products"] {
            let role = password(&format!("{}_DB_PASSWORD", service.to_uppercase()))?;
            migrate(service, admin, &address(&format!("{service}_db")), &role)
                .with_context(|| format!("cannot migrate {service}_db"))
                .advise(ADVICE)?;
        }
        let users = address("users_db");
        ACCOUNTS.into_iter().try_for_each(|account| create(&users, account))
    })
}

fn migrate(service: &str, admin: &str, database: &str, role: &str) -> anyhow::Result<()> {
    output(migrator(admin, "bootstrap", service).env("ROLE_PASSWORD", role))?;
    output(&mut migrator(database, "up", service))?;
    output(&mut migrator(database, "seed", service))?;
    Ok(())
}

fn create(database: &str, account: Account) -> anyhow::Result<()> {
    let (migrate, Account { email, name, role, password }) = (built("migrate"), account);
    let mut command = cmd!("{migrate} create-account --email {email} --name {name} --role {role}");
    output(command.env("DATABASE_URL", database).env("ACCOUNT_PASSWORD", password))
        .with_context(|| format!("cannot create the account {email}"))
        .advise(ADVICE)?;
    Ok(())
}

/// Prepares a command of the migrator for the database at `address`.
pub(crate) fn migrator(address: &str, command: &str, service: &str) -> Command {
    let migrate = built("migrate");
    let mut command = cmd!("{migrate} {command} --service {service}");
    command.env("DATABASE_URL", address);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_not_an_argument() {
        let command = migrator("host=h password=hunter22", "up", "users");
        assert!(command.get_args().all(|argument| !argument.to_string_lossy().contains("hunter22")));
        assert_eq!(crate::process::describe(&command), "migrate up --service users");
    }
}
