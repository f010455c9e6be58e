//! Stops a PostgreSQL server by signals, whatever its version.

use std::fs;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::bail;
use nix::sys::signal::Signal;

use crate::interrupt;
use crate::process_table::{command_line, signal};

/// How long a fast shutdown may take: it ends the sessions and writes a checkpoint.
const FAST: Duration = Duration::from_secs(20);
/// How long it may take if this tool has been interrupted.
const FAST_INTERRUPTED: Duration = Duration::from_millis(1500);
/// How long an immediate shutdown may take. The next start recovers from the write-ahead log.
const IMMEDIATE: Duration = Duration::from_millis(600);
/// How long the kernel may take to end a killed process.
const KILL: Duration = Duration::from_millis(200);

/// Stops the server of a data folder, if one runs.
pub(crate) fn stop(data: &Path) -> anyhow::Result<()> {
    for (kind, limit) in [(Signal::SIGINT, FAST), (Signal::SIGQUIT, IMMEDIATE), (Signal::SIGKILL, KILL)] {
        let Some(id) = postmaster(data) else { return Ok(()) };
        signal(id, kind);
        let started = Instant::now();
        while postmaster(data) == Some(id) {
            let is_late = interrupt::is_requested() && started.elapsed() >= FAST_INTERRUPTED;
            if is_late || started.elapsed() >= limit {
                break;
            }
            sleep(Duration::from_millis(20));
        }
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
    // After a crash the file stays, and the number may be another program's.
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
    fn a_number_of_another_program_is_no_server() {
        let data = std::env::temp_dir().join(format!("cartwheel-stop-test-{}", std::process::id()));
        fs::create_dir_all(&data).unwrap();
        fs::write(data.join("postmaster.pid"), format!("{}\n/data\n", std::process::id())).unwrap();
        assert_eq!(postmaster(&data), None);
        stop(&data).unwrap();
        fs::remove_dir_all(&data).unwrap();
    }
}
