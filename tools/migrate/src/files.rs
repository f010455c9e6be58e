//! The migrations and functions that are built into the binary.

use anyhow::{Context as _, ensure};

include!(concat!(env!("OUT_DIR"), "/files.rs"));

/// A service with a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    Users,
    Products,
}

/// A numbered change of the tables, and the statements that revert it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Migration {
    pub(crate) version: i64,
    pub(crate) name: &'static str,
    pub(crate) up: &'static str,
    pub(crate) down: &'static str,
}

/// A database function in its newest form. The file has the function's name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Function {
    pub(crate) name: &'static str,
    pub(crate) sql: &'static str,
}

impl Service {
    /// Parses the name of a service that has a database.
    ///
    /// # Errors
    /// If the text is not `users` or `products`.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        match text {
            "users" => Ok(Self::Users),
            "products" => Ok(Self::Products),
            _ => anyhow::bail!("{text:?} has no database: it is users or products"),
        }
    }

    /// Returns its name: `users`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::Products => "products",
        }
    }

    /// Returns its migrations in order, numbered from 1 without a gap.
    pub(crate) fn migrations(self) -> anyhow::Result<Vec<Migration>> {
        let mut migrations = Vec::new();
        for (_, file, up) in self.files().filter(|(_, file, _)| file.ends_with(".up.sql")) {
            let stem = file.trim_end_matches(".up.sql");
            let (number, name) =
                stem.split_once('_').with_context(|| format!("{file} is not NNNN_name.up.sql"))?;
            let down_file = format!("{stem}.down.sql");
            let down = self.file(&down_file).with_context(|| format!("{down_file} is missing"))?;
            migrations.push(Migration { version: number.parse()?, name, up, down });
        }
        for (expected, migration) in (1_i64..).zip(&migrations) {
            ensure!(migration.version == expected, "migration {expected} of {} is missing", self.name());
        }
        Ok(migrations)
    }

    /// Returns its database functions, sorted by name.
    pub(crate) fn functions(self) -> impl Iterator<Item = Function> {
        FUNCTIONS
            .iter()
            .filter(move |(service, ..)| *service == self.name())
            .map(|(_, file, sql)| Function { name: file.trim_end_matches(".sql"), sql })
    }

    /// Returns whether `checksum` is of an earlier text of a migration that was corrected in place, see `migrations/README.md`.
    pub(crate) fn is_superseded(self, version: i64, checksum: &str) -> bool {
        self.file("superseded").unwrap_or_default().lines().any(|line| {
            let mut words = line.split_whitespace();
            words.next().is_some_and(|word| word.parse() == Ok(version)) && words.next() == Some(checksum)
        })
    }

    /// Returns the statements that fill a new database for development.
    pub(crate) fn seed(self) -> Option<&'static str> {
        self.file("seed.sql")
    }

    fn file(self, name: &str) -> Option<&'static str> {
        self.files().find(|(_, file, _)| *file == name).map(|(.., text)| text)
    }

    fn files(self) -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
        FILES.iter().copied().filter(move |(service, ..)| *service == self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVICES: [Service; 2] = [Service::Users, Service::Products];

    #[test]
    fn the_migrations_of_both_services_are_numbered_without_a_gap() {
        for service in SERVICES {
            assert!(!service.migrations().unwrap().is_empty(), "{}", service.name());
        }
    }

    #[test]
    fn each_function_file_creates_or_replaces_the_function_of_its_name() {
        for function in SERVICES.into_iter().flat_map(Service::functions) {
            let creates = function.sql.matches("create or replace function ").count();
            assert_eq!(creates, 1, "{}.sql", function.name);
            let expected = format!("create or replace function {}(", function.name);
            assert!(function.sql.contains(&expected), "{}.sql", function.name);
            assert!(
                !function.sql.contains("begin atomic"),
                "{}.sql depends on the order of files",
                function.name
            );
        }
    }

    #[test]
    fn only_a_listed_checksum_is_superseded() {
        let earlier = "92961f7b10890d9d02c21fccb188be62e81bedec80e950554ca96781528779db";
        assert!(Service::Products.is_superseded(1, earlier));
        assert!(!Service::Products.is_superseded(2, earlier));
        assert!(!Service::Products.is_superseded(1, "another"));
        assert!(!Service::Users.is_superseded(1, earlier));
    }
}
