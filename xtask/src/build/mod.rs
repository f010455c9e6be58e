//! `build`: builds the components where `spin.toml` expects them.

pub(crate) mod report;

use std::fs;
use std::path::PathBuf;

use anyhow::Context as _;

use crate::arguments;
use crate::prerequisites::{Need, ensure};
use crate::process::{cargo, cmd, root, run as run_command, target_dir};
use crate::steps::step;
use crate::toolchain::{TARGET, Toolchain};

/// The names of the components.
pub(crate) const NAMES: [&str; 3] = ["users", "products", "orders"];

#[derive(Debug, Default)]
pub(crate) struct Options {
    report: bool,
}

impl arguments::Options for Options {
    const USAGE: &str = "\
cargo xtask build [--report]

Builds the components into target/components.

--report    prints the size of each component and the memory of an idle shop, and fails if they exceed their limits";

    fn set(&mut self, name: &str, _: &mut lexopt::Parser) -> Result<bool, lexopt::Error> {
        match name {
            "report" => self.report = true,
            _ => return Ok(false),
        }
        Ok(true)
    }
}

pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    ensure(&[Need::Wasm])?;
    components()?;
    if options.report { report::run() } else { Ok(()) }
}

/// Returns the file of a component.
pub(crate) fn wasm(name: &str) -> PathBuf {
    root().join("target/components").join(format!("{name}.wasm"))
}

/// Builds all components.
pub(crate) fn components() -> anyhow::Result<Toolchain> {
    step("build the components for wasm32-wasip2 (some minutes when it is the first time)", || {
        let toolchain = Toolchain::find()?;
        let packages = NAMES.iter().flat_map(|name| ["--package", name]);
        run_command(toolchain.cargo("build --release --quiet --lib").args(packages))?;
        fs::create_dir_all(root().join("target/components"))?;
        for name in NAMES {
            copy(&toolchain, name, name)?;
        }
        Ok(toolchain)
    })
}

/// Copies a built component to `target/components/NAME.wasm`.
fn copy(toolchain: &Toolchain, package: &str, name: &str) -> anyhow::Result<()> {
    let built = toolchain.target_dir().join(TARGET).join("release").join(format!("{package}.wasm"));
    fs::copy(&built, wasm(name)).with_context(|| format!("cannot copy {}", built.display()))?;
    Ok(())
}

/// Returns the manifest of the application whose orders component has crash points, for the tests of crashes.
pub(crate) fn crash_points_manifest() -> PathBuf {
    root().join("target/with-crash-points.toml")
}

/// Builds the application with crash points.
pub(crate) fn with_crash_points(toolchain: &Toolchain) -> anyhow::Result<()> {
    let command = "build --release --quiet --lib --package orders --features orders/crash-points";
    run_command(&mut toolchain.cargo(command))?;
    copy(toolchain, "orders", "orders-with-crash-points")?;
    let manifest = fs::read_to_string(root().join("spin.toml"))?
        .replace("target/components/orders.wasm", "components/orders-with-crash-points.wasm")
        .replace("target/components/", "components/");
    Ok(fs::write(crash_points_manifest(), manifest)?)
}

/// Builds the programs of the local platform.
pub(crate) fn tools() -> anyhow::Result<()> {
    let title =
        "build devhost, the Firestore emulator and the migrator (some minutes when it is the first time)";
    let cargo = cargo();
    step(title, || {
        run_command(&mut cmd!(
            "{cargo} build --package devhost --package firestore-emulator --package migrate"
        ))
    })
}

/// Builds the component of devhost's tests, and returns its file.
pub(crate) fn probe(toolchain: &Toolchain) -> anyhow::Result<PathBuf> {
    let folder = target_dir().join("probe");
    let mut command =
        toolchain.cargo("build --release --quiet --manifest-path tools/devhost/probe/Cargo.toml");
    run_command(command.env("CARGO_TARGET_DIR", &folder))?;
    Ok(folder.join(TARGET).join("release/probe.wasm"))
}
