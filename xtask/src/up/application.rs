//! Starts the application on its host: devhost or spin.

use std::io::Write as _;
use std::process::Command;
use std::time::Duration;

use anyhow::bail;

use super::{Options, Variables};
use crate::error::Advise as _;
use crate::process::{built, cmd, output, target_dir, which};
use crate::server::Server;
use crate::state::State;
use crate::telemetry::Traces;

/// The paths that are called periodically, with their intervals.
pub(super) const JOBS: [(Duration, &str); 3] = [
    (Duration::from_secs(60), "/internal/orders/reconcile"),
    (Duration::from_secs(5), "/internal/users/notifications/deliver"),
    (Duration::from_secs(5), "/internal/orders/events/deliver"),
];

/// The time within which the application starts. The first start compiles the components.
const START_LIMIT: Duration = Duration::from_secs(120);

/// A host of the components.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Host {
    Devhost,
    Spin,
}

/// Chooses the host: the given one, or else `spin` if version 4.1 or later is on PATH, or else devhost.
pub(crate) fn choose_host(chosen: Option<&str>) -> anyhow::Result<Host> {
    let version = which("spin").and_then(|_| output(&mut cmd!("spin --version")).ok()).unwrap_or_default();
    match chosen {
        Some("devhost") => Ok(Host::Devhost),
        Some("spin") if is_recent(&version) => Ok(Host::Spin),
        Some("spin") => bail!("--host spin needs spin 4.1 or later on PATH, and there is {version:?}"),
        Some(other) => bail!("--host is devhost or spin, not {other:?}"),
        None => Ok(if is_recent(&version) { Host::Spin } else { Host::Devhost }),
    }
}

/// Reads `spin 4.1.0-pre0 (..)`.
fn is_recent(version: &str) -> bool {
    let number = version.split_whitespace().nth(1).unwrap_or_default();
    let mut parts = number.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0)) >= (4, 1)
}

/// Starts the application, and returns its address.
pub(super) fn start(
    options: &Options,
    host: Host,
    state: &State,
    variables: &Variables,
) -> anyhow::Result<(Server, String)> {
    let mut command = command(host, options.listen());
    command.stderr(state.log("application")?);
    for (name, value) in variables {
        // The developer's environment has precedence.
        let name = format!("SPIN_VARIABLE_{name}");
        if std::env::var_os(&name).is_none() {
            command.env(name, value);
        }
    }
    let sink = log_sink(options, state)?;
    Server::start(&mut command, "Serving http://", START_LIMIT, sink)
        .advise(format!("Its log is {}.", state.file("logs/application.log").display()))
}

/// Returns the command of a host.
fn command(host: Host, listen: &str) -> Command {
    if host == Host::Spin {
        return cmd!("spin up --from spin.toml --listen {listen}");
    }
    let (devhost, cache) = (built("devhost"), target_dir().join("devhost-cache"));
    let token = "SPIN_VARIABLE_SERVICE_TOKEN";
    let mut command = cmd!("{devhost} --listen {listen} --cache-dir {cache} --bearer-env {token}");
    for (every, path) in JOBS {
        command.args(["--every", &every.as_secs().to_string(), path]);
    }
    command
}

/// Returns a function that writes the components' log lines to a file, and prints them or their traces if the options ask for it.
fn log_sink(options: &Options, state: &State) -> anyhow::Result<impl FnMut(&str) + Send + 'static> {
    let mut file = state.log("components")?;
    let is_verbose = options.is_verbose;
    let traces = options.has_telemetry.then(Traces::print_all);
    Ok(move |line: &str| {
        let _ = writeln!(file, "{line}");
        if is_verbose {
            println!("{line}");
        }
        if let Some(traces) = &traces {
            traces.record(line);
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spin_is_used_from_4_1_on() {
        for version in ["spin 4.1.0-pre0 (abc 2026-08-01)", "spin 4.10.2", "spin 5.0.0"] {
            assert!(is_recent(version), "{version}");
        }
        for version in ["", "spin 4.0.2 (abc)", "spin 3.6.3", "Spin Version 6.5.0"] {
            assert!(!is_recent(version), "{version}");
        }
    }
}
