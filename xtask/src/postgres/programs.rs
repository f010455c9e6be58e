//! Finds PostgreSQL's programs, and their version.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};

use crate::error::Advise as _;
use crate::process::{output, which};

/// The programs that this tool runs.
const NAMES: [&str; 3] = ["initdb", "pg_ctl", "postgres"];
/// Where packages put a folder for each version: Debian, PGDG for Fedora, Homebrew on both kinds of Macs.
const PARENTS: [&str; 4] = ["/usr/lib/postgresql", "/usr", "/opt/homebrew/opt", "/usr/local/opt"];

/// The programs of one PostgreSQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Programs {
    folder: PathBuf,
    /// What `postgres --version` prints.
    description: String,
}

impl Programs {
    /// Finds the chosen ones, else those of the preferred major version, else the newest.
    pub(crate) fn find(chosen: Option<&Path>, preferred: Option<&str>) -> anyhow::Result<Self> {
        if let Some(folder) = chosen {
            return [folder.to_owned(), folder.join("bin")]
                .into_iter()
                .find_map(Self::at)
                .with_context(|| format!("{} has no PostgreSQL server", folder.display()))
                .advise(
                    "--postgres DIRECTORY is a folder with initdb, pg_ctl and postgres, or the one above it.",
                );
        }
        pick(Self::installed().collect(), preferred).context("no PostgreSQL server is installed")
    }

    /// Lists those that are installed.
    pub(crate) fn installed() -> impl Iterator<Item = Self> {
        let on_path = which("initdb").and_then(|file| file.parent().map(Path::to_owned));
        let versions = PARENTS.into_iter().filter_map(|parent| fs::read_dir(parent).ok()).flatten();
        let folders = versions.flatten().map(|entry| entry.path()).filter(|folder| {
            let name = folder.file_name().unwrap_or_default().to_string_lossy();
            let version = name.trim_start_matches("postgresql").trim_start_matches("pgsql");
            version.trim_start_matches(['@', '-']).starts_with(|c: char| c.is_ascii_digit())
        });
        on_path.into_iter().chain(folders.map(|folder| folder.join("bin"))).filter_map(Self::at)
    }

    /// The path of a program.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The path of `pg_dump`. A package without client programs leaves that to the one on PATH.
    pub(crate) fn pg_dump(&self) -> PathBuf {
        Some(self.file("pg_dump")).filter(|file| file.is_file()).unwrap_or_else(|| "pg_dump".into())
    }

    /// The major version, as in `PG_VERSION`: 15, or 9.6.
    pub(crate) fn major(&self) -> String {
        let numbers = self.numbers();
        let parts = if numbers.first().is_some_and(|first| *first < 10) { 2 } else { 1 };
        numbers.iter().take(parts).map(u32::to_string).collect::<Vec<_>>().join(".")
    }

    /// The exact version and the folder, for a person.
    pub(crate) fn describe(&self) -> String {
        format!("{} in {}", self.description, self.folder.display())
    }

    /// The Debian package that these programs are from, if they are from one.
    pub(crate) fn debian_package(&self) -> Option<String> {
        let is_packaged = self.folder.starts_with("/usr/lib/postgresql") && which("dpkg").is_some();
        is_packaged.then(|| format!("postgresql-{}", self.major()))
    }

    fn at(folder: PathBuf) -> Option<Self> {
        if !NAMES.iter().all(|name| folder.join(name).is_file()) {
            return None;
        }
        let description = output(Command::new(folder.join("postgres")).arg("--version")).ok()?;
        Some(Self { folder, description: description.trim().to_owned() })
    }

    /// Reads `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`.
    fn numbers(&self) -> Vec<u32> {
        let version = self.description.split_whitespace().nth(2).unwrap_or_default();
        let digits = |part: &str| part.split(|c: char| !c.is_ascii_digit()).next().unwrap_or("").to_owned();
        version.split('.').map_while(|part| digits(part).parse().ok()).collect()
    }
}

/// Picks the newest of the preferred major version, or the newest of all.
fn pick(mut installed: Vec<Programs>, preferred: Option<&str>) -> Option<Programs> {
    installed.sort_by_key(Programs::numbers);
    let wanted = |programs: &&Programs| Some(programs.major().as_str()) == preferred;
    installed.iter().rev().find(wanted).or_else(|| installed.last()).cloned()
}

/// Reads the major version that made a data folder.
pub(super) fn major_of_data(data: &Path) -> Option<String> {
    Some(fs::read_to_string(data.join("PG_VERSION")).ok()?.trim().to_owned())
}

/// Fails if a data folder was made by another major version than that of the programs.
pub(super) fn check_major(data: &Path, major: &str, programs: &Programs) -> anyhow::Result<()> {
    if programs.major() == major {
        return Ok(());
    }
    let difference = || -> anyhow::Result<()> {
        bail!(
            "{} was made by PostgreSQL {major}, which cannot be read by {}",
            data.display(),
            programs.describe()
        )
    };
    difference().advise(format!(
        "Name a PostgreSQL {major} with --postgres DIRECTORY, or remove the data with `cargo xtask reset`."
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn programs(version: &str) -> Programs {
        Programs {
            folder: PathBuf::from(version),
            description: format!("postgres (PostgreSQL) {version} (x)"),
        }
    }

    #[test]
    fn versions_are_compared_as_numbers() {
        let installed = || ["9.6.24", "17.12", "15.18", "15.9"].map(programs).to_vec();
        assert_eq!(pick(installed(), None), Some(programs("17.12")));
        assert_eq!(pick(installed(), Some("15")), Some(programs("15.18")));
        assert_eq!(pick(installed(), Some("9.6")), Some(programs("9.6.24")));
        assert_eq!(pick(installed(), Some("16")), Some(programs("17.12")));
        assert_eq!(pick(Vec::new(), Some("15")), None);
    }

    #[test]
    fn a_major_version_has_two_numbers_before_10() {
        assert_eq!(
            ["9.6.24", "15.18", "19beta1"].map(|version| programs(version).major()),
            ["9.6", "15", "19"]
        );
    }

    #[test]
    fn data_of_another_major_version_is_refused_with_the_next_step() {
        let data = Path::new("/kept/data");
        check_major(data, "15", &programs("15.20")).unwrap();
        let error = crate::error::paragraph(&check_major(data, "15", &programs("17.12")).unwrap_err());
        for part in
            ["/kept/data was made by PostgreSQL 15", "17.12", "--postgres DIRECTORY", "cargo xtask reset"]
        {
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn a_folder_without_a_server_is_refused_with_what_is_wanted() {
        let error = Programs::find(Some(Path::new("/nonexistent")), None).unwrap_err();
        assert!(crate::error::paragraph(&error).contains("--postgres DIRECTORY is a folder with initdb"));
    }
}
