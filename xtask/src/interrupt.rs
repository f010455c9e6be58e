//! Ends this tool and its child processes on SIGINT (Ctrl-C), SIGTERM and SIGHUP.
//!
//! Each child process has its own process group, which is registered here. A signal sets a flag; the groups receive SIGTERM, later
//! SIGKILL. The child of the main thread ends, and the main thread stops the servers and returns. If it does not, the process exits.

use std::collections::BTreeSet;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, bail};
use nix::sys::signal::Signal;

use crate::process_table::{descendants, signal, signal_group};

/// The time after which a child that ignores SIGTERM is killed.
const TERM_LIMIT: Duration = Duration::from_millis(2500);
/// The further time after which the tool exits. Together they are less than five seconds.
const EXIT_LIMIT: Duration = Duration::from_millis(2200);
/// The exit code of an interrupted command, as shells define it for SIGINT.
pub(crate) const EXIT_CODE: u8 = 130;

static STATE: Mutex<State> =
    Mutex::new(State { is_requested: false, groups: BTreeSet::new(), descendants: Vec::new() });
static CHANGED: Condvar = Condvar::new();

struct State {
    is_requested: bool,
    /// The process groups of the running children.
    groups: BTreeSet<u32>,
    /// All descendants of this process at the time of the signal.
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

/// Starts a child process in its own process group. Fails if a signal has arrived.
pub(crate) fn spawn(command: &mut Command) -> anyhow::Result<Child> {
    let mut state = state();
    // The lock is held, so that the handler either prevents the start or finds the group.
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

/// Kills the remaining descendants of this process, after a signal and an orderly stop.
pub(crate) fn finish() {
    let remaining = std::mem::take(&mut state().descendants);
    remaining.into_iter().for_each(|id| signal(id, Signal::SIGKILL));
}

fn state() -> MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Handles a signal. It runs in its own thread, not in the signal's context.
fn end() {
    let mut guard = state();
    guard.is_requested = true;
    guard.descendants = descendants(std::process::id());
    guard.groups.iter().for_each(|group| signal_group(*group, Signal::SIGTERM));
    CHANGED.notify_all();
    let waited = CHANGED.wait_timeout_while(guard, TERM_LIMIT, |state| !state.groups.is_empty());
    let guard = waited.unwrap_or_else(PoisonError::into_inner).0;
    guard.groups.iter().for_each(|group| signal_group(*group, Signal::SIGKILL));
    drop(guard);
    std::thread::sleep(EXIT_LIMIT);
    finish();
    std::process::exit(EXIT_CODE.into());
}
