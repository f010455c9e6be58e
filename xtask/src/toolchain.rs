//! Finds a compiler for wasm32-wasip2: rustup's, or Debian's where rustup's server is unreachable.

use std::path::PathBuf;
use std::process::Command;

use anyhow::bail;

use crate::error::Advise as _;
use crate::interrupt;
use crate::process::{cargo, cmd, output, target_dir, which};

pub(crate) const TARGET: &str = "wasm32-wasip2";

/// The Debian packages that compile for the target, with the source of the standard library.
const DEBIAN_PACKAGES: [&str; 5] =
    ["rustc-web", "cargo-web", "rust-web-src", "libstd-rust-web-dev", "wasi-libc"];

/// A compiler for the target.
#[derive(Debug, Clone)]
pub(crate) enum Toolchain {
    /// The toolchain that runs this tool, with the target installed.
    Rustup,
    /// Debian's compiler, with the linkers of the toolchain that runs this tool.
    Debian {
        /// The folder of `wasm-component-ld` and `rust-lld`.
        linkers: PathBuf,
    },
}

impl Toolchain {
    /// Returns the toolchain that [`missing_packages`] has found.
    pub(crate) fn find() -> anyhow::Result<Self> {
        if has_rustup_target() {
            return Ok(Self::Rustup);
        }
        let sysroot = output(&mut cmd!("rustc --print sysroot"))?;
        let host = output(&mut cmd!("rustc --print host-tuple"))?;
        let linkers = PathBuf::from(sysroot.trim()).join("lib/rustlib").join(host.trim()).join("bin");
        if !linkers.join("wasm-component-ld").is_file() {
            bail!("{} has no wasm-component-ld: use a toolchain from rustup", linkers.display());
        }
        Ok(Self::Debian { linkers })
    }

    /// Prepares a command of cargo for the target: `build --release` is `cargo build --target wasm32-wasip2 --release`.
    pub(crate) fn cargo(&self, line: &str) -> Command {
        let (command, options) = line.split_once(' ').unwrap_or((line, ""));
        let options = options.split_whitespace();
        let Self::Debian { linkers } = self else {
            let cargo = cargo();
            return cmd!("{cargo} {command} --target {TARGET} {options...}");
        };
        let flags = format!(
            "-C linker={} -C link-self-contained=no -L /usr/lib/wasm32-wasi -C link-arg=--wasm-ld-path={}",
            linkers.join("wasm-component-ld").display(),
            linkers.join("gcc-ld/wasm-ld").display(),
        );
        let mut debian =
            cmd!("/usr/bin/cargo {command} -Zbuild-std=std,panic_abort --target {TARGET} {options...}");
        debian
            .env_remove("RUSTUP_TOOLCHAIN")
            .env_remove("CARGO")
            .env("RUSTC", "/usr/bin/rustc")
            .env("RUSTC_BOOTSTRAP", "1")
            .env("RUSTFLAGS", flags)
            .env("CARGO_TARGET_DIR", self.target_dir());
        debian
    }

    /// Returns the folder of the compiler's output.
    pub(crate) fn target_dir(&self) -> PathBuf {
        match self {
            Self::Rustup => target_dir(),
            // Two compilers in one folder invalidate each other's output.
            Self::Debian { .. } => target_dir().join("wasm-debian"),
        }
    }
}

/// Returns the Debian packages that are missing for a compiler, after an attempt to install the target with rustup.
pub(crate) fn missing_packages() -> anyhow::Result<Vec<&'static str>> {
    if has_rustup_target() {
        return Ok(Vec::new());
    }
    if which("rustup").is_some() && !is_offline() {
        eprintln!("    rustup target add {TARGET}");
        let added = output(&mut cmd!("rustup target add {TARGET}"));
        interrupt::check()?;
        if added.is_ok() && has_rustup_target() {
            return Ok(Vec::new());
        }
    }
    if which("dpkg").is_none() {
        let missing = || -> anyhow::Result<_> { bail!("there is no compiler for {TARGET}") };
        return missing().advise(format!(
            "Install it with `rustup target add {TARGET}`; see https://rustup.rs for rustup itself."
        ));
    }
    let is_installed = |package: &&str| {
        let format = "${db:Status-Status}";
        let status = output(&mut cmd!("dpkg-query -W -f {format} {package}"));
        status.is_ok_and(|status| status == "installed")
    };
    Ok(DEBIAN_PACKAGES.into_iter().filter(|package| !is_installed(package)).collect())
}

/// Returns whether rustup's target is installed. A compiler that does not know the target fails, and has no libraries for it.
fn has_rustup_target() -> bool {
    let folder = output(&mut cmd!("rustc --print target-libdir --target {TARGET}"));
    folder.is_ok_and(|folder| PathBuf::from(folder.trim()).is_dir())
}

/// Returns whether the environment forbids rustup to access its server. Otherwise rustup waits minutes for its answer.
fn is_offline() -> bool {
    std::env::var_os("RUSTUP_OFFLINE").is_some()
}
