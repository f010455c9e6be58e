//! Finds PostgreSQL's programs and their version.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use crate::error::Advise as _;
use crate::process::{cmd, output, which};

/// The programs that this tool runs.
const NAMES: [&str; 3] = ["initdb", "pg_ctl", "postgres"];
/// The folders with a folder for each version: Debian's, PGDG's for Fedora, Homebrew's on both kinds of Macs.
const PARENTS: [&str; 4] = ["/usr/lib/postgresql", "/usr", "/opt/homebrew/opt", "/usr/local/opt"];

/// The programs of one PostgreSQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Programs {
    folder: PathBuf,
    /// The output of `postgres --version`.
    description: String,
}

impl Programs {
    /// Finds the programs in the chosen folder, or those of the preferred major version, or the newest.
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

    /// Returns the installed programs.
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

    /// Returns the path of a program.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Returns the path of `pg_dump`, which is the one on PATH if the package has no client programs.
    pub(crate) fn pg_dump(&self) -> PathBuf {
        Some(self.file("pg_dump")).filter(|file| file.is_file()).unwrap_or_else(|| "pg_dump".into())
    }

    /// Returns the major version, as in `PG_VERSION`: 15, or 9.6.
    pub(crate) fn major(&self) -> String {
        let numbers = self.numbers();
        let parts = if numbers.first().is_some_and(|first| *first < 10) { 2 } else { 1 };
        numbers.iter().take(parts).map(u32::to_string).collect::<Vec<_>>().join(".")
    }

    /// Returns the exact version and the folder, for a message.
    pub(crate) fn describe(&self) -> String {
        format!("{} in {}", self.description, self.folder.display())
    }

    /// Returns the Debian package of these programs, if they belong to one.
    pub(crate) fn debian_package(&self) -> Option<String> {
        let is_packaged = self.folder.starts_with("/usr/lib/postgresql") && which("dpkg").is_some();
        is_packaged.then(|| format!("postgresql-{}", self.major()))
    }

    fn at(folder: PathBuf) -> Option<Self> {
        if !NAMES.iter().all(|name| folder.join(name).is_file()) {
            return None;
        }
        let postgres = folder.join("postgres");
        let description = output(&mut cmd!("{postgres} --version")).ok()?;
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

/// Reads the major version of a data folder.
pub(super) fn major_of_data(data: &Path) -> Option<String> {
    Some(fs::read_to_string(data.join("PG_VERSION")).ok()?.trim().to_owned())
}

/// Fails if a data folder has another major version than the programs.
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
    fn data_of_another_major_version_is_rejected_with_the_next_step() {
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
    fn a_folder_without_a_server_is_rejected_with_the_expected_contents() {
        let error = Programs::find(Some(Path::new("/nonexistent")), None).unwrap_err();
        assert!(crate::error::paragraph(&error).contains("--postgres DIRECTORY is a folder with initdb"));
    }
}
