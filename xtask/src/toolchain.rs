//! A compiler for wasm32-wasip2: by rustup, and where its server is out of reach, from Debian's archive.

use std::path::PathBuf;
use std::process::Command;

use anyhow::bail;

use crate::error::Advise as _;
use crate::interrupt;
use crate::process::{cargo, output, root, target_dir, which};

pub(crate) const TARGET: &str = "wasm32-wasip2";

/// The packages of Debian's archive that compile for the target, with the source of the standard library.
const DEBIAN_PACKAGES: [&str; 5] =
    ["rustc-web", "cargo-web", "rust-web-src", "libstd-rust-web-dev", "wasi-libc"];

/// How to compile for the target here.
#[derive(Debug, Clone)]
pub(crate) enum Toolchain {
    /// The toolchain that runs this, with the target installed.
    Rustup,
    /// Debian's compiler, with the linker of the toolchain that runs this.
    Debian {
        /// Where `wasm-component-ld` and `rust-lld` are.
        linkers: PathBuf,
    },
}

impl Toolchain {
    /// Finds the one that [`missing_packages`] made sure of.
    pub(crate) fn find() -> anyhow::Result<Self> {
        if has_rustup_target()? {
            return Ok(Self::Rustup);
        }
        let sysroot = output(Command::new("rustc").args(["--print", "sysroot"]).current_dir(root()))?;
        let host = output(Command::new("rustc").args(["--print", "host-tuple"]).current_dir(root()))?;
        let linkers = PathBuf::from(sysroot.trim()).join("lib/rustlib").join(host.trim()).join("bin");
        if !linkers.join("wasm-component-ld").is_file() {
            bail!("{} has no wasm-component-ld: use a toolchain from rustup", linkers.display());
        }
        Ok(Self::Debian { linkers })
    }

    /// `cargo COMMAND --target wasm32-wasip2`, with its own target directory where the compiler is another one.
    pub(crate) fn cargo(&self, command: &str) -> Command {
        match self {
            Self::Rustup => cargo(&[command, "--target", TARGET]),
            Self::Debian { linkers } => {
                let linker = linkers.join("wasm-component-ld");
                let lld = linkers.join("gcc-ld/wasm-ld");
                let flags = format!(
                    "-C linker={} -C link-self-contained=no -L /usr/lib/wasm32-wasi -C link-arg=--wasm-ld-path={}",
                    linker.display(),
                    lld.display(),
                );
                let mut debian = Command::new("/usr/bin/cargo");
                debian
                    .args([command, "-Zbuild-std=std,panic_abort", "--target", TARGET])
                    .current_dir(root())
                    .env_remove("RUSTUP_TOOLCHAIN")
                    .env_remove("CARGO")
                    .env("RUSTC", "/usr/bin/rustc")
                    .env("RUSTC_BOOTSTRAP", "1")
                    .env("RUSTFLAGS", flags)
                    .env("CARGO_TARGET_DIR", self.target_dir());
                debian
            }
        }
    }

    /// Where its output is.
    pub(crate) fn target_dir(&self) -> PathBuf {
        match self {
            Self::Rustup => target_dir(),
            // Two compilers in one directory throw away each other's work.
            Self::Debian { .. } => target_dir().join("wasm-debian"),
        }
    }
}

/// Lists the Debian packages that are missing for a compiler, after rustup was asked for its own.
pub(crate) fn missing_packages() -> anyhow::Result<Vec<&'static str>> {
    if has_rustup_target()? {
        return Ok(Vec::new());
    }
    if which("rustup").is_some() && !is_offline() {
        eprintln!("    rustup target add {TARGET}");
        let added = output(Command::new("rustup").args(["target", "add", TARGET]).current_dir(root()));
        interrupt::check()?;
        if added.is_ok() && has_rustup_target()? {
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
        let status = output(Command::new("dpkg-query").args(["-W", "-f", "${db:Status-Status}", package]));
        status.is_ok_and(|status| status == "installed")
    };
    Ok(DEBIAN_PACKAGES.into_iter().filter(|package| !is_installed(package)).collect())
}

fn has_rustup_target() -> anyhow::Result<bool> {
    let libraries = output(
        Command::new("rustc").args(["--print", "target-libdir", "--target", TARGET]).current_dir(root()),
    );
    // A compiler that does not know the target at all has no libraries for it.
    let Ok(folder) = libraries else { return Ok(false) };
    Ok(PathBuf::from(folder.trim()).is_dir())
}

/// Returns whether the environment says that rustup must not be asked: it waits minutes for a server that does not answer.
fn is_offline() -> bool {
    std::env::var_os("RUSTUP_OFFLINE").is_some()
}
