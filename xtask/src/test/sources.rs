//! The steps that check the sources: format, lints, unit tests and dependencies.

use super::Steps;
use crate::process::{cargo, cmd, run, target_dir, which};
use crate::toolchain::{TARGET, Toolchain};

pub(super) fn check(steps: &mut Steps) {
    let cargo = cargo();
    steps.run("fmt", || run(&mut cmd!("{cargo} fmt --all --check")));
    steps.run("clippy", || run(&mut cmd!("{cargo} clippy --workspace --all-targets --quiet -- -D warnings")));
}

/// Runs the tests that need no server, then those of the Firestore client, which start the emulator.
pub(super) fn run_units(steps: &mut Steps) {
    let cargo = cargo();
    let excluded = ["--exclude", "cartwheel-tests", "--exclude", "firestore", "--exclude", "devhost"];
    steps.run("unit", || run(&mut cmd!("{cargo} test --workspace --quiet {excluded...}")));
    steps.run("firestore", || run(&mut cmd!("{cargo} test --package firestore --quiet")));
}

/// Checks the code that is compiled for WebAssembly only. Debian's compiler has no clippy of its version, and clippy of another
/// version cannot read its standard library; there, the compiler's warnings are errors.
pub(super) fn clippy_for_wasm(steps: &mut Steps, toolchain: Option<&Toolchain>) {
    let Some(toolchain) = toolchain else {
        return steps.not_run("clippy-wasm", "there is no toolchain for it");
    };
    let packages = "-p users -p products -p orders -p host-spin --quiet";
    match toolchain {
        Toolchain::Rustup => steps
            .run("clippy-wasm", || run(&mut toolchain.cargo(&format!("clippy {packages} -- -D warnings")))),
        Toolchain::Debian { .. } => {
            steps.run("check-wasm", || check_with_debian(toolchain, packages));
            steps.not_run(
                "clippy-wasm",
                format!(
                    "Debian's compiler for {TARGET} has no clippy; `rustup target add {TARGET}` makes it possible"
                ),
            );
        }
    }
}

fn check_with_debian(toolchain: &Toolchain, packages: &str) -> anyhow::Result<()> {
    let mut check = toolchain.cargo(&format!("check --lib {packages}"));
    let flags = check.get_envs().find(|(key, _)| *key == "RUSTFLAGS").and_then(|(_, value)| value);
    let flags = format!("{} -D warnings", flags.unwrap_or_default().to_string_lossy());
    // A separate folder: other flags would rebuild everything twice.
    let folder = target_dir().join("wasm-debian-check");
    run(check.env("RUSTFLAGS", flags).env("CARGO_TARGET_DIR", folder))
}

pub(super) fn deny(steps: &mut Steps) {
    if which("cargo-deny").is_some() {
        let cargo = cargo();
        steps.run("deny", || run(&mut cmd!("{cargo} deny check")));
    } else {
        steps.not_run(
            "deny",
            "`cargo install cargo-deny` makes it possible; it also needs the advisory database",
        );
    }
}
