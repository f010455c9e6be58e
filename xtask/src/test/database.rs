//! Finds the PostgreSQL of the tests, and runs the tests that need it.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::ensure;

use crate::build;
use crate::error::causes;
use crate::migrate::migrator;
use crate::packages;
use crate::postgres::{Cluster, Programs};
use crate::process::{built, cargo, cmd, output, root, target_dir};
use crate::steps::step;

/// The preferred major version of the tests: that of production.
const MAJOR: &str = "15";
/// The minimum time between two attempts of an upgrade.
const UPGRADE_INTERVAL: Duration = Duration::from_secs(24 * 3600);

/// Finds the PostgreSQL for the tests. On Debian it is first upgraded to the newest minor version, if this tool has the rights.
pub(super) fn programs(chosen: Option<&Path>) -> anyhow::Result<Programs> {
    let found = Programs::find(chosen, Some(MAJOR))?;
    let package = if chosen.is_none() { found.debian_package() } else { None };
    let stamp = target_dir().join("postgresql-upgrade");
    let Some(package) = package.filter(|_| is_due(&stamp) && packages::may_install()) else {
        return Ok(found);
    };
    // If the upgrade fails, the tests run on the installed version, which the summary names.
    if let Err(error) =
        step(&format!("look for a newer {package} (once a day)"), || packages::upgrade(&package))
    {
        println!("    {}", causes(&error));
    }
    crate::interrupt::check()?;
    fs::write(&stamp, "")?;
    Programs::find(None, Some(MAJOR))
}

fn is_due(stamp: &Path) -> bool {
    let age = fs::metadata(stamp).and_then(|metadata| metadata.modified()).map(|time| time.elapsed());
    !age.is_ok_and(|age| age.is_ok_and(|age| age < UPGRADE_INTERVAL))
}

/// Applies all migrations, reverts all, and applies them again.
pub(super) fn migrations(cluster: &Cluster) -> anyhow::Result<()> {
    for service in ["users", "products"] {
        let database = cluster.address(&format!("{service}_db"));
        let migrate = |address: &str, command: &str| {
            output(migrator(address, command, service).env("ROLE_PASSWORD", "throwaway"))
        };
        migrate(&cluster.address("postgres"), "bootstrap")?;
        let up = migrate(&database, "up")?;
        let down = migrate(&database, "down")?;
        let again = migrate(&database, "up")?;
        migrate(&database, "seed")?;
        migrate(&database, "seed")?;
        let idle = migrate(&database, "up")?;
        ensure!(
            up == again && down.lines().count() == up.lines().count(),
            "{service}: up, down and up do not match"
        );
        ensure!(idle.trim() == "nothing to do", "{service}: a second up changed the database");
        print!("{service}: {up}");
    }
    Ok(())
}

/// Prepares the tests that need a database or a whole shop.
pub(super) fn tests(cluster: &Cluster, binary: &str) -> Command {
    let cargo = cargo();
    let mut command = cmd!("{cargo} test --package cartwheel-tests --test {binary}");
    command
        .env("CARTWHEEL_TEST_PG", cluster.address("postgres"))
        .env("CARTWHEEL_ROOT", root())
        .env("CARTWHEEL_MIGRATE", built("migrate"))
        .env("CARTWHEEL_STOPPABLE_MANIFEST", build::crash_points_manifest())
        .env("CARTWHEEL_DEVHOST", built("devhost"))
        .env("CARTWHEEL_FIRESTORE_EMULATOR", built("firestore-emulator"));
    command
}

#[cfg(test)]
mod tests {
    use super::is_due;

    #[test]
    fn an_upgrade_is_due_until_it_was_tried() {
        let stamp = std::env::temp_dir().join(format!("cartwheel-stamp-{}", std::process::id()));
        assert!(is_due(&stamp));
        std::fs::write(&stamp, "").unwrap();
        assert!(!is_due(&stamp));
        std::fs::remove_file(stamp).unwrap();
    }
}
