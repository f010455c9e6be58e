//! The host that runs the application: devhost or spin.

use std::io::Write as _;
use std::process::Command;
use std::time::Duration;

use anyhow::bail;

use super::Variables;
use crate::error::Advise as _;
use crate::options::Options;
use crate::process::{built, output, root, target_dir, which};
use crate::server::Server;
use crate::state::State;
use crate::telemetry::Traces;

/// What is called again and again while the shop is open.
pub(super) const JOBS: [(Duration, &str); 3] = [
    (Duration::from_secs(60), "/internal/orders/reconcile"),
    (Duration::from_secs(5), "/internal/users/notifications/deliver"),
    (Duration::from_secs(5), "/internal/orders/events/deliver"),
];

/// Which host runs the application: `spin` 4.1 or later if it is on PATH, else devhost.
pub(crate) fn host_name(options: &Options) -> anyhow::Result<&'static str> {
    let version =
        which("spin").and_then(|_| output(Command::new("spin").arg("--version")).ok()).unwrap_or_default();
    match options.host.as_deref() {
        Some("devhost") => Ok("devhost"),
        Some("spin") if is_recent(&version) => Ok("spin"),
        Some("spin") => bail!("--host spin needs spin 4.1 or later on PATH, and there is {version:?}"),
        Some(other) => bail!("--host is devhost or spin, not {other:?}"),
        None => Ok(if is_recent(&version) { "spin" } else { "devhost" }),
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
    state: &State,
    listen: &str,
    variables: &Variables,
) -> anyhow::Result<(Server, String)> {
    let is_spin = host_name(options)? == "spin";
    let mut command = if is_spin {
        let mut spin = Command::new("spin");
        spin.args(["up", "--from", "spin.toml", "--listen", listen]);
        spin
    } else {
        let mut devhost = Command::new(built("devhost"));
        devhost.args(["--listen", listen]);
        for (every, path) in JOBS {
            devhost.args(["--every", &every.as_secs().to_string(), path]);
        }
        devhost
            .args(["--bearer-env", "SPIN_VARIABLE_SERVICE_TOKEN"])
            .arg("--cache-dir")
            .arg(target_dir().join("devhost-cache"));
        devhost
    };
    command.current_dir(root()).stderr(state.log("application")?);
    for (name, value) in variables {
        // A variable that the developer has set has precedence.
        let name = format!("SPIN_VARIABLE_{name}");
        if std::env::var_os(&name).is_none() {
            command.env(name, value);
        }
    }
    let mut file = state.log("components")?;
    let is_verbose = options.verbose;
    let traces = options.telemetry.then(Traces::print_all);
    let sink = move |line: &str| {
        let _ = writeln!(file, "{line}");
        if is_verbose {
            println!("{line}");
        }
        if let Some(traces) = &traces {
            traces.hear(line);
        }
    };
    let (server, address) = Server::start(&mut command, "Serving http://", Duration::from_secs(120), sink)
        .advise(format!("Its log is {}.", state.file("logs/application.log").display()))?;
    Ok((server, address))
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
