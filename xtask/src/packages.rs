//! Installs packages of the system, or returns the command that installs them.

use std::process::Command;

use anyhow::{Context as _, bail};

use crate::error::Advise as _;
use crate::postgres::is_root;
use crate::process::{cmd, output, which};

/// Limits the time that apt waits for a server, in seconds.
const TIMEOUTS: [&str; 2] = ["-o", "Acquire::http::Timeout=20"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manager {
    Apt,
    Dnf,
    Brew,
}

impl Manager {
    /// Finds the machine's package manager.
    pub(crate) fn find() -> Option<Self> {
        let programs = [(Self::Apt, "apt-get"), (Self::Dnf, "dnf"), (Self::Brew, "brew")];
        programs.into_iter().find(|(_, program)| which(program).is_some()).map(|(manager, _)| manager)
    }

    /// Writes the command that installs packages.
    pub(crate) fn command(self, packages: &[&str]) -> String {
        let install = match self {
            Self::Apt => "sudo apt-get install -y --no-install-recommends",
            Self::Dnf => "sudo dnf install -y",
            Self::Brew => "brew install",
        };
        format!("{install} {}", packages.join(" "))
    }
}

/// Returns whether this tool may install packages with apt-get without asking for a password.
pub(crate) fn may_install() -> bool {
    let can_sudo = || output(&mut cmd!("sudo -n true")).is_ok();
    which("apt-get").is_some() && (is_root() || can_sudo())
}

/// Installs Debian packages in one command.
pub(crate) fn install(packages: &[&str]) -> anyhow::Result<()> {
    let command = Manager::Apt.command(packages);
    if !may_install() {
        let refused =
            || -> anyhow::Result<()> { bail!("these packages are missing: {}", packages.join(", ")) };
        return refused().advise(format!("Install them: {command}"));
    }
    eprintln!("    apt-get install {}", packages.join(" "));
    output(&mut apt("update -qq"))
        .and_then(|_| output(apt("install -y -qq --no-install-recommends").args(packages)))
        .map(drop)
        .context("cannot install packages")
        .advise(format!("Install them yourself: {command}"))
}

/// Upgrades an installed Debian package to the newest version of the archive, if that is possible.
pub(crate) fn upgrade(package: &str) -> anyhow::Result<()> {
    output(&mut apt("update -qq"))?;
    output(apt("install -y -qq --no-install-recommends --only-upgrade").arg(package)).map(drop)
}

/// Prepares a command of apt-get, with the rights to install.
fn apt(line: &str) -> Command {
    let words = line.split_whitespace();
    let mut command = if is_root() {
        cmd!("apt-get {TIMEOUTS...} {words...}")
    } else {
        cmd!("sudo -n DEBIAN_FRONTEND=noninteractive apt-get {TIMEOUTS...} {words...}")
    };
    command.env("DEBIAN_FRONTEND", "noninteractive");
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_command_installs_all_packages() {
        let packages = ["nodejs", "npm"];
        assert_eq!(Manager::Dnf.command(&packages), "sudo dnf install -y nodejs npm");
        assert_eq!(Manager::Brew.command(&packages), "brew install nodejs npm");
        assert!(Manager::Apt.command(&packages).ends_with("--no-install-recommends nodejs npm"));
    }
}
