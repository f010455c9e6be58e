//! Runs programs in the background.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use nix::sys::signal::Signal;

use crate::interrupt;
use crate::process::describe;
use crate::process_table::signal_group;

/// A program that runs until this is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    name: String,
    child: Child,
}

impl Server {
    /// Starts a program and waits for its line `READY ADDRESS`. Its other lines go to `sink`.
    pub(crate) fn start(
        command: &mut Command,
        ready: &str,
        limit: Duration,
        mut sink: impl FnMut(&str) + Send + 'static,
    ) -> anyhow::Result<(Self, String)> {
        let name = describe(command);
        let spawned = interrupt::spawn(command.stdin(Stdio::null()).stdout(Stdio::piped()));
        let child = spawned.with_context(|| format!("cannot start {name}"))?;
        let mut server = Self { name, child };
        let stdout = server.child.stdout.take().context("no standard output")?;
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
            interrupt::check()?;
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

    /// Returns its process id, which is also that of its process group.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // SIGKILL is safe: the services must tolerate it anyway. The group includes the program's children.
        signal_group(self.child.id(), Signal::SIGKILL);
        let _ = self.child.wait();
        interrupt::forget(self.child.id());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::poll::poll_until;
    use crate::process::cmd;
    use crate::process_table::{descendants, is_running};

    /// A shell and its child shell. Both ignore SIGTERM and have a child.
    const TREE: &str =
        "trap '' TERM; (trap '' TERM; sleep 600; sleep 600) & echo Serving here; sleep 600; sleep 600";

    #[test]
    fn a_process_tree_that_ignores_sigterm_ends_when_its_server_is_dropped() {
        let limit = Duration::from_secs(10);
        let (server, address) =
            Server::start(&mut cmd!("/bin/sh -c {TREE}"), "Serving ", limit, |_| {}).unwrap();
        assert_eq!(address, "here");
        let whole_tree = || Some(descendants(server.id())).filter(|tree| tree.len() == 3);
        let mut tree = poll_until(limit, whole_tree).unwrap();
        tree.push(server.id());
        tree.iter().for_each(|id| crate::process_table::signal(*id, Signal::SIGTERM));
        assert!(tree.iter().any(|id| is_running(*id)));
        drop(server);
        let have_ended = || tree.iter().all(|id| !is_running(*id)).then_some(());
        poll_until(Duration::from_secs(5), have_ended).expect("processes are left");
    }

    #[test]
    fn a_program_that_ends_before_it_is_ready_is_an_error() {
        let mut shell = cmd!("/bin/sh -c 'exit 3'");
        let error = Server::start(&mut shell, "Serving ", Duration::from_secs(10), |_| {});
        assert!(error.unwrap_err().to_string().contains("has ended (exit status: 3)"));
    }
}
