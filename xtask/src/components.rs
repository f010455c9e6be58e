//! Builds the components where `spin.toml` expects them.

use std::fs;
use std::path::PathBuf;

use anyhow::Context as _;

use crate::process::{cargo, root, run, target_dir};
use crate::steps::step;
use crate::toolchain::{TARGET, Toolchain};

pub(crate) const NAMES: [&str; 3] = ["users", "products", "orders"];

/// A component's file.
pub(crate) fn wasm(name: &str) -> PathBuf {
    root().join("target/components").join(format!("{name}.wasm"))
}

/// Builds all components.
pub(crate) fn build() -> anyhow::Result<Toolchain> {
    step("build the components for wasm32-wasip2 (some minutes when it is the first time)", || {
        let toolchain = Toolchain::find()?;
        let mut command = toolchain.cargo("build");
        command.args(["--release", "--quiet", "--lib"]);
        for name in NAMES {
            command.args(["--package", name]);
        }
        run(&mut command)?;
        let built = toolchain.target_dir().join(TARGET).join("release");
        fs::create_dir_all(root().join("target/components"))?;
        for name in NAMES {
            let from = built.join(format!("{name}.wasm"));
            fs::copy(&from, wasm(name)).with_context(|| format!("cannot copy {}", from.display()))?;
        }
        Ok(toolchain)
    })
}

/// The manifest of the same application with an orders component that a test can stop after each of its steps.
pub(crate) fn stoppable_manifest() -> PathBuf {
    root().join("target/with-crash-points.toml")
}

/// Builds that application.
pub(crate) fn build_stoppable(toolchain: &Toolchain) -> anyhow::Result<()> {
    let mut command = toolchain.cargo("build");
    command.args([
        "--release",
        "--quiet",
        "--lib",
        "--package",
        "orders",
        "--features",
        "orders/crash-points",
    ]);
    run(&mut command)?;
    let built = toolchain.target_dir().join(TARGET).join("release/orders.wasm");
    fs::copy(&built, wasm("orders-with-crash-points"))
        .with_context(|| format!("cannot copy {}", built.display()))?;
    let manifest = fs::read_to_string(root().join("spin.toml"))?
        .replace("target/components/orders.wasm", "components/orders-with-crash-points.wasm")
        .replace("target/components/", "components/");
    Ok(fs::write(stoppable_manifest(), manifest)?)
}

/// Builds the programs around them.
pub(crate) fn build_tools() -> anyhow::Result<()> {
    step(
        "build devhost, the Firestore emulator and the migrator (some minutes when it is the first time)",
        || {
            run(&mut cargo(&[
                "build",
                "--package",
                "devhost",
                "--package",
                "firestore-emulator",
                "--package",
                "migrate",
            ]))
        },
    )
}

/// Builds the component that devhost's own tests run, and returns its file.
pub(crate) fn build_probe(toolchain: &Toolchain) -> anyhow::Result<PathBuf> {
    let folder = target_dir().join("probe");
    let mut command = toolchain.cargo("build");
    command.args(["--release", "--quiet", "--manifest-path", "tools/devhost/probe/Cargo.toml"]);
    run(command.env("CARGO_TARGET_DIR", &folder))?;
    Ok(folder.join(TARGET).join("release/probe.wasm"))
}
