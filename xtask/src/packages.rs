//! Installs packages of the system, or names the command that does.

use std::process::Command;

use anyhow::{Context as _, bail};

use crate::error::Advise as _;
use crate::postgres::is_root;
use crate::process::{output, which};

/// apt waits at most this long for a server, in seconds.
const TIMEOUTS: [&str; 2] = ["-o", "Acquire::http::Timeout=20"];

/// A package manager.
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
    let can_sudo = || output(Command::new("sudo").args(["-n", "true"])).is_ok();
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
    let mut arguments = vec!["install", "-y", "-qq", "--no-install-recommends"];
    arguments.extend(packages);
    output(&mut apt(&["update", "-qq"]))
        .and_then(|_| output(&mut apt(&arguments)))
        .map(drop)
        .context("cannot install packages")
        .advise(format!("Install them yourself: {command}"))
}

/// Upgrades an installed Debian package to the newest version of the archive, if that is possible.
pub(crate) fn upgrade(package: &str) -> anyhow::Result<()> {
    output(&mut apt(&["update", "-qq"]))?;
    output(&mut apt(&["install", "-y", "-qq", "--no-install-recommends", "--only-upgrade", package]))
        .map(drop)
}

fn apt(arguments: &[&str]) -> Command {
    let mut command = if is_root() {
        Command::new("apt-get")
    } else {
        let mut sudo = Command::new("sudo");
        sudo.args(["-n", "DEBIAN_FRONTEND=noninteractive", "apt-get"]);
        sudo
    };
    command.args(TIMEOUTS).args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
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
