//! The processes of this machine: their command lines, their children, and signals to them.

use std::fs;
use std::path::Path;

use nix::sys::signal::{self, Signal};
use nix::unistd::Pid;

use crate::process::cmd;

/// Returns a running process's command line, or nothing if it has ended.
pub(crate) fn command_line(id: u32) -> Option<String> {
    let text = if Path::new("/proc/self/cmdline").exists() {
        // A zombie process has an empty command line.
        String::from_utf8_lossy(&fs::read(format!("/proc/{id}/cmdline")).ok()?).replace('\0', " ")
    } else {
        ps(&["-o", "args=", "-p", &id.to_string()]).filter(|text| !text.contains("<defunct>"))?
    };
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// Returns whether a process runs.
pub(crate) fn is_running(id: u32) -> bool {
    command_line(id).is_some()
}

/// Lists the children of a process, their children, and so on.
pub(crate) fn descendants(root: u32) -> Vec<u32> {
    let parents = parents();
    let mut found = vec![root];
    let mut next = 0;
    while let Some(parent) = found.get(next).copied() {
        found.extend(parents.iter().filter(|(_, other)| *other == parent).map(|(id, _)| *id));
        next += 1;
    }
    found.remove(0);
    found
}

/// Sends a signal to a process, if it exists.
pub(crate) fn signal(id: u32, signal: Signal) {
    if let Ok(id) = i32::try_from(id) {
        let _ = signal::kill(Pid::from_raw(id), signal);
    }
}

/// Sends a signal to a process group.
pub(crate) fn signal_group(id: u32, signal: Signal) {
    if let Ok(id) = i32::try_from(id) {
        let _ = signal::killpg(Pid::from_raw(id), signal);
    }
}

/// Lists all processes as `(id, parent)`.
fn parents() -> Vec<(u32, u32)> {
    let Ok(entries) = fs::read_dir("/proc") else {
        let table = ps(&["-axo", "pid=,ppid="]).unwrap_or_default();
        return table.lines().filter_map(parse_ps).collect();
    };
    let ids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    ids.filter_map(|id| Some((id, parse_stat(&fs::read_to_string(format!("/proc/{id}/stat")).ok()?)?)))
        .collect()
}

/// Reads the parent from `/proc/PID/stat`: `1 (name) S 0 ..`. The name may contain spaces and parentheses.
fn parse_stat(stat: &str) -> Option<u32> {
    stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}

fn parse_ps(line: &str) -> Option<(u32, u32)> {
    let mut words = line.split_whitespace();
    Some((words.next()?.parse().ok()?, words.next()?.parse().ok()?))
}

/// Runs `ps`, which systems without `/proc` have.
fn ps(arguments: &[&str]) -> Option<String> {
    let output = cmd!("ps {arguments...}").output().ok()?;
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_runs_and_is_a_descendant_of_its_parent() {
        let id = std::process::id();
        assert!(command_line(id).unwrap().contains("xtask"));
        assert!(descendants(std::os::unix::process::parent_id()).contains(&id));
    }

    #[test]
    fn a_name_with_spaces_and_parentheses_does_not_hide_the_parent() {
        assert_eq!(parse_stat("12 (a) b (c) S 7 12 12 0"), Some(7));
        assert_eq!(parse_ps("  12     7"), Some((12, 7)));
    }
}
