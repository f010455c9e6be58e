//! Ends this tool and its child processes on SIGINT (Ctrl-C), SIGTERM and SIGHUP.
//!
//! Each child process has a process group of its own, which is registered here. A signal sets a flag, and the groups receive SIGTERM,
//! later SIGKILL. The main thread then sees its child end, returns, and stops what it started. If it does not, the process exits.

use std::collections::BTreeSet;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, bail};
use nix::sys::signal::Signal;

use crate::process_table::{descendants, signal, signal_group};

/// After this time a child that ignores SIGTERM is killed.
const PATIENCE: Duration = Duration::from_millis(2500);
/// After this further time the tool exits, whatever it waits for. Together they are less than five seconds.
const EXIT: Duration = Duration::from_millis(2200);
/// The exit code of an interrupted command, as shells define it for SIGINT.
pub(crate) const EXIT_CODE: u8 = 130;

static STATE: Mutex<State> =
    Mutex::new(State { is_requested: false, groups: BTreeSet::new(), descendants: Vec::new() });
static CHANGED: Condvar = Condvar::new();

struct State {
    is_requested: bool,
    /// The process groups of the children that run.
    groups: BTreeSet<u32>,
    /// All processes below this one when the signal arrived.
    descendants: Vec<u32>,
}

/// Installs the handler.
pub(crate) fn install() -> anyhow::Result<()> {
    ctrlc::set_handler(end).context("cannot install the handler for Ctrl-C")
}

/// Returns whether a signal has arrived.
pub(crate) fn is_requested() -> bool {
    state().is_requested
}

/// Fails if a signal has arrived.
pub(crate) fn check() -> anyhow::Result<()> {
    if is_requested() { bail!("interrupted") } else { Ok(()) }
}

/// Waits for a signal, at most for `limit`, and returns whether one has arrived.
pub(crate) fn wait(limit: Duration) -> bool {
    let waited = CHANGED.wait_timeout_while(state(), limit, |state| !state.is_requested);
    waited.unwrap_or_else(PoisonError::into_inner).0.is_requested
}

/// Starts a child process in a process group of its own. Fails if a signal has arrived.
pub(crate) fn spawn(command: &mut Command) -> anyhow::Result<Child> {
    let mut state = state();
    // Under the lock, so that the handler either prevents the start or finds the group.
    if state.is_requested {
        bail!("interrupted");
    }
    let child = command.process_group(0).spawn()?;
    state.groups.insert(child.id());
    Ok(child)
}

/// Removes a child process that has ended from the register.
pub(crate) fn forget(id: u32) {
    state().groups.remove(&id);
    CHANGED.notify_all();
}

/// Kills what is left of the processes below this one, after a signal and after everything was stopped in order.
pub(crate) fn finish() {
    let left = std::mem::take(&mut state().descendants);
    left.into_iter().for_each(|id| signal(id, Signal::SIGKILL));
}

fn state() -> MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Handles a signal. It runs in a thread of its own, not in the signal's context.
fn end() {
    let mut guard = state();
    guard.is_requested = true;
    guard.descendants = descendants(std::process::id());
    guard.groups.iter().for_each(|group| signal_group(*group, Signal::SIGTERM));
    CHANGED.notify_all();
    let waited = CHANGED.wait_timeout_while(guard, PATIENCE, |state| !state.groups.is_empty());
    let guard = waited.unwrap_or_else(PoisonError::into_inner).0;
    guard.groups.iter().for_each(|group| signal_group(*group, Signal::SIGKILL));
    drop(guard);
    std::thread::sleep(EXIT);
    finish();
    std::process::exit(EXIT_CODE.into());
}
