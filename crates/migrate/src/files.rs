//! The migrations that were built in.

use anyhow::{Context as _, ensure};

include!(concat!(env!("OUT_DIR"), "/files.rs"));

/// A service with a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// users_db
    Users,
    /// products_db
    Products,
}

/// A numbered step, there and back.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Migration {
    pub(crate) version: i64,
    pub(crate) name: &'static str,
    pub(crate) up: &'static str,
    pub(crate) down: &'static str,
}

impl Service {
    /// Reads the name of a service.
    ///
    /// # Errors
    /// For any other text.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        match text {
            "users" => Ok(Self::Users),
            "products" => Ok(Self::Products),
            _ => anyhow::bail!("{text:?} has no database: it is users or products"),
        }
    }

    /// Its name: `users`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::Products => "products",
        }
    }

    /// Its migrations in order, numbered from 1 without a gap.
    pub(crate) fn migrations(self) -> anyhow::Result<Vec<Migration>> {
        let mut migrations = Vec::new();
        let mine = || FILES.iter().filter(|(service, ..)| *service == self.name());
        for (_, file, up) in mine().filter(|(_, file, _)| file.ends_with(".up.sql")) {
            let stem = file.trim_end_matches(".up.sql");
            let (number, name) =
                stem.split_once('_').with_context(|| format!("{file} is not NNNN_name.up.sql"))?;
            let back = format!("{stem}.down.sql");
            let down =
                mine().find(|(_, file, _)| *file == back).with_context(|| format!("{back} is missing"))?.2;
            migrations.push(Migration { version: number.parse()?, name, up, down });
        }
        for (expected, migration) in (1_i64..).zip(&migrations) {
            ensure!(migration.version == expected, "migration {expected} of {} is missing", self.name());
        }
        Ok(migrations)
    }

    /// What a new database is filled with for development.
    pub(crate) fn seed(self) -> Option<&'static str> {
        FILES
            .iter()
            .find(|(service, file, _)| *service == self.name() && *file == "seed.sql")
            .map(|(.., sql)| *sql)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_migrations_of_both_services_are_numbered_without_a_gap() {
        for service in [Service::Users, Service::Products] {
            assert!(!service.migrations().unwrap().is_empty(), "{}", service.name());
        }
    }
}
