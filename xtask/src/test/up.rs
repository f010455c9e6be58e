//! Tests that a signal ends `up` within five seconds in every phase, and that no process is left.

use std::fs;
use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use nix::sys::signal::Signal;

use crate::interrupt;
use crate::poll::poll_until;
use crate::postgres::{Programs, free_port};
use crate::process::{cmd, output, target_dir};
use crate::process_table::{is_running, signal};

/// The time within which all processes end.
const LIMIT: Duration = Duration::from_secs(5);
/// The time within which `up` reaches the phase of the signal. It may have to build.
const START_LIMIT: Duration = Duration::from_secs(900);
/// An environment variable that all processes of a run inherit, by which they are found.
const MARK: &str = "CARTWHEEL_UP_TEST";
/// A request with an incomplete body.
const INCOMPLETE_REQUEST: &str = "POST /users/login HTTP/1.1\r\nhost: shop\r\ncontent-type: application/json\r\n\
    content-length: 100\r\n\r\n{";

/// The lines of `up` after which a signal is sent: during the build, while PostgreSQL is created and started, while the application
/// starts, and while the shop is open.
const PHASES: [(&str, Signal); 6] = [
    ("==> build the components", Signal::SIGINT),
    ("==> start PostgreSQL", Signal::SIGTERM),
    ("==> migrate and seed", Signal::SIGINT),
    ("==> start PostgreSQL", Signal::SIGTERM),
    ("==> start the application", Signal::SIGTERM),
    ("The shop is open at http://", Signal::SIGTERM),
];

/// Starts `up` once for each phase, with a separate state folder.
pub(super) fn run(programs: &Programs) -> anyhow::Result<()> {
    let state = target_dir().join("up-test");
    // An interrupted test may have left data.
    reset(&state)?;
    for (number, (line, kind)) in PHASES.into_iter().enumerate() {
        let mark = format!("{}-{number}", std::process::id());
        let time = end_at(programs, &state, &mark, line, kind)
            .with_context(|| format!("{kind} at the line {line:?}"))?;
        println!("{kind} at {line:?}: all processes have ended after {} ms", time.as_millis());
    }
    reset(&state)
}

fn end_at(
    programs: &Programs,
    state: &Path,
    mark: &str,
    line: &str,
    kind: Signal,
) -> anyhow::Result<Duration> {
    let (xtask, postgres, port) = (std::env::current_exe()?, programs.file("."), free_port()?.to_string());
    let mut command = cmd!("{xtask} up --state {state} --postgres {postgres} --host devhost");
    command.args(["--listen", &format!("127.0.0.1:{port}")]).env(MARK, mark).stdin(Stdio::null());
    let mut up = interrupt::spawn(command.stdout(Stdio::piped()).stderr(Stdio::piped()))?;
    let lines = read_lines(&mut up);
    let outcome = wait_for(&lines, line).and_then(|rest| {
        let _connection =
            if line.ends_with("http://") { Some(send_incomplete_request(&rest)?) } else { None };
        signal(up.id(), kind);
        end(&mut up, mark)
    });
    if outcome.is_err() {
        // On systems without `/proc` only `up` itself is found.
        marked(mark).into_iter().chain([up.id()]).for_each(|id| signal(id, Signal::SIGKILL));
        let _ = up.wait();
    }
    interrupt::forget(up.id());
    outcome
}

/// Waits for the end of `up` and of all its processes.
fn end(up: &mut Child, mark: &str) -> anyhow::Result<Duration> {
    let started = Instant::now();
    let mut has_ended = || matches!(up.try_wait(), Ok(Some(_)));
    let all_ended = || (has_ended() && marked(mark).is_empty()).then(|| started.elapsed());
    if let Some(time) = poll_until(LIMIT, all_ended) {
        return Ok(time);
    }
    let state = up.try_wait()?.map_or_else(|| "runs".to_owned(), |status| format!("has ended ({status})"));
    bail!("after {LIMIT:?} up {state}, and these processes are left: {:?}", marked(mark))
}

/// Lists the running processes with this mark in their environment. Without `/proc` there are none.
fn marked(mark: &str) -> Vec<u32> {
    let entry = format!("{MARK}={mark}");
    let has_mark = |id: &u32| {
        let environment = fs::read(format!("/proc/{id}/environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|variable| variable == entry.as_bytes())
    };
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let ids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    ids.filter(has_mark).filter(|id| is_running(*id)).collect()
}

/// Sends the beginning of a request, and returns its connection.
fn send_incomplete_request(line: &str) -> anyhow::Result<TcpStream> {
    let address = line.split(',').next().unwrap_or_default();
    let mut stream = TcpStream::connect(address).with_context(|| format!("cannot connect to {address}"))?;
    stream.write_all(INCOMPLETE_REQUEST.as_bytes())?;
    // Gives the component time to start with the request.
    std::thread::sleep(Duration::from_millis(300));
    Ok(stream)
}

/// Returns the rest of the first line that starts with `start`.
fn wait_for(lines: &Receiver<String>, start: &str) -> anyhow::Result<String> {
    let deadline = Instant::now() + START_LIMIT;
    let mut last = String::new();
    while let Ok(line) = lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
        if let Some(rest) = line.strip_prefix(start) {
            return Ok(rest.to_owned());
        }
        last = if line.trim().is_empty() { last } else { line };
    }
    bail!("up did not print it; its last line is {last:?}")
}

/// Reads the output of a process in separate threads.
fn read_lines(child: &mut Child) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    let stdout = child.stdout.take().map(|pipe| Box::new(pipe) as Box<dyn Read + Send>);
    let stderr = child.stderr.take().map(|pipe| Box::new(pipe) as Box<dyn Read + Send>);
    for pipe in stdout.into_iter().chain(stderr) {
        let sender = sender.clone();
        std::thread::spawn(move || {
            BufReader::new(pipe).lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
        });
    }
    receiver
}

fn reset(state: &Path) -> anyhow::Result<()> {
    let xtask = std::env::current_exe()?;
    output(&mut cmd!("{xtask} reset --state {state}"))?;
    ensure!(!state.exists(), "reset left {}", state.display());
    Ok(())
}
