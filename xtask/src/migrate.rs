//! Runs the migrator. It receives the database's address by the environment, where other users of the machine cannot read it.

use std::process::Command;

use anyhow::Context as _;

use crate::error::Advise as _;
use crate::process::{built, output};
use crate::steps::step;

/// The demo accounts: address, name, role, password.
pub(crate) const ACCOUNTS: [(&str, &str, &str, &str); 2] = [
    ("ada@example.com", "Ada Lovelace", "customer", "correct horse battery"),
    ("admin@example.com", "Shop Admin", "admin", "correct horse battery staple"),
];

/// What is advised if a database cannot be migrated.
const ADVICE: &str = "If an older checkout made the development database, `cargo xtask reset` removes it with its data, and \
    `cargo xtask up` makes a new one.";

/// Migrates and seeds both databases, and makes the demo accounts. `admin` is the administrator's address of the database
/// `postgres`, `address` makes that of another database, `password` finds that of a role.
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
        for (email, name, role, password) in ACCOUNTS {
            let arguments = ["create-account", "--email", email, "--name", name, "--role", role];
            let mut command = migrator(&address("users_db"), &arguments);
            output(command.env("ACCOUNT_PASSWORD", password))
                .with_context(|| format!("cannot make the account {email}"))
                .advise(ADVICE)?;
        }
        Ok(())
    })
}

fn migrate(service: &str, admin: &str, database: &str, role: &str) -> anyhow::Result<()> {
    output(migrator(admin, &["bootstrap", "--service", service]).env("ROLE_PASSWORD", role))?;
    output(&mut migrator(database, &["up", "--service", service]))?;
    output(&mut migrator(database, &["seed", "--service", service]))?;
    Ok(())
}

/// Prepares a command of the migrator for the database at `address`.
pub(crate) fn migrator(address: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(built("migrate"));
    command.args(arguments).env("DATABASE_URL", address);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_not_an_argument() {
        let command = migrator("host=h password=hunter22", &["up", "--service", "users"]);
        assert!(command.get_args().all(|argument| !argument.to_string_lossy().contains("hunter22")));
        assert_eq!(crate::process::describe(&command), "migrate up --service users");
    }
}
