//! Running other programs, with errors that say which one and what to do.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};

/// The project's root.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_owned).unwrap_or_default()
}

/// Where cargo puts what it builds.
pub(crate) fn target_dir() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// A program of the development build.
pub(crate) fn built(name: &str) -> PathBuf {
    target_dir().join("debug").join(name)
}

/// `cargo`, in the root, with the toolchain that runs this.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(root());
    command
}

/// Runs a command to its end, its output going to ours.
pub(crate) fn run(command: &mut Command) -> anyhow::Result<()> {
    let told = describe(command);
    let status = command.status().with_context(|| format!("cannot run {told}"))?;
    ensure!(status.success(), "{told} failed ({status})");
    Ok(())
}

/// Runs a command and returns what it printed; its errors are in the error.
pub(crate) fn output(command: &mut Command) -> anyhow::Result<String> {
    let told = describe(command);
    let output = command.output().with_context(|| format!("cannot run {told}"))?;
    if !output.status.success() {
        let said = format!(
            "{}\n{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        bail!("{told} failed ({}):\n{}", output.status, said.trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn describe(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" ")
}

/// Whether a program is on PATH, and where.
pub(crate) fn which(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// A program that runs until this is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    name: String,
    child: Child,
}

impl Server {
    /// Starts a program and waits for its line `Serving ADDRESS`. Its other lines go to `sink`.
    pub(crate) fn start(
        command: &mut Command,
        ready: &str,
        limit: Duration,
        mut sink: impl FnMut(&str) + Send + 'static,
    ) -> anyhow::Result<(Self, String)> {
        let told = describe(command);
        // A group of its own: Ctrl-C is for us, and we stop it.
        let spawned = command.process_group(0).stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
        let mut child = spawned.with_context(|| format!("cannot start {told}"))?;
        let stdout = child.stdout.take().context("no standard output")?;
        let mut server = Self { name: told, child };
        let (sender, receiver) = mpsc::channel();
        let ready = ready.to_owned();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                match line.split_once(&ready) {
                    Some((_, rest)) => drop(sender.send(rest.trim().to_owned())),
                    None => sink(&line),
                }
            }
        });
        let deadline = Instant::now() + limit;
        while Instant::now() < deadline {
            if let Ok(address) = receiver.recv_timeout(Duration::from_millis(100)) {
                return Ok((server, address));
            }
            server.check()?;
        }
        bail!("{} is not ready after {limit:?}", server.name)
    }

    /// Fails if the program has ended.
    pub(crate) fn check(&mut self) -> anyhow::Result<()> {
        match self.child.try_wait()? {
            Some(status) => bail!("{} has ended ({status})", self.name),
            None => Ok(()),
        }
    }

    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A kill is what the services must survive anyway. The group, for what the program started itself.
        let _ = Command::new("kill").args(["-KILL", "--", &format!("-{}", self.child.id())]).status();
        let _ = self.child.wait();
    }
}
