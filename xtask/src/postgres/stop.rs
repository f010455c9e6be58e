//! Stops a PostgreSQL server of any version by signals.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::bail;
use nix::sys::signal::Signal;

use crate::interrupt;
use crate::poll::poll_until;
use crate::process_table::{command_line, signal};

/// The time limit of a fast shutdown, which ends the sessions and writes a checkpoint.
const FAST: Duration = Duration::from_secs(20);
/// The time limit of a fast shutdown after this tool was interrupted.
const FAST_INTERRUPTED: Duration = Duration::from_millis(1500);
/// The time limit of an immediate shutdown. The next start recovers from the write-ahead log.
const IMMEDIATE: Duration = Duration::from_millis(600);
/// The time limit for the end of a killed process.
const KILL: Duration = Duration::from_millis(200);

/// Stops the server of a data folder, if it runs.
pub(crate) fn stop(data: &Path) -> anyhow::Result<()> {
    for (kind, limit) in [(Signal::SIGINT, FAST), (Signal::SIGQUIT, IMMEDIATE), (Signal::SIGKILL, KILL)] {
        let Some(id) = postmaster(data) else { return Ok(()) };
        signal(id, kind);
        let started = Instant::now();
        let is_late = || interrupt::is_requested() && started.elapsed() >= FAST_INTERRUPTED;
        poll_until(limit, || (postmaster(data) != Some(id) || is_late()).then_some(()));
    }
    match postmaster(data) {
        Some(id) => bail!("PostgreSQL (process {id}) in {} does not stop", data.display()),
        None => Ok(()),
    }
}

/// Returns the process id of the server that runs in a data folder.
pub(super) fn postmaster(data: &Path) -> Option<u32> {
    let file = fs::read_to_string(data.join("postmaster.pid")).ok()?;
    let id = file.lines().next()?.trim().parse().ok()?;
    // After a crash the file remains, and the system may have reused the id for another program.
    command_line(id).filter(|line| is_server(line)).map(|_| id)
}

/// Returns whether a command line is that of a PostgreSQL server.
fn is_server(line: &str) -> bool {
    let program = line.split_whitespace().next().unwrap_or_default();
    matches!(program.rsplit('/').next(), Some("postgres" | "postmaster"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_of_another_program_is_not_a_server() {
        let data = std::env::temp_dir().join(format!("cartwheel-stop-test-{}", std::process::id()));
        fs::create_dir_all(&data).unwrap();
        fs::write(data.join("postmaster.pid"), format!("{}\n/data\n", std::process::id())).unwrap();
        assert_eq!(postmaster(&data), None);
        stop(&data).unwrap();
        fs::remove_dir_all(&data).unwrap();
    }
}
