//! `up`: the whole shop, with one command.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write as _;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

use crate::dev::{self, ACCOUNTS};
use crate::process::{Server, built, output, root, target_dir, which};
use crate::steps::step;
use crate::telemetry::Traces;
use crate::{Options, components, keys};

/// Google's emulator, where Debian's package puts it.
const GOOGLE_EMULATOR: &str =
    "/usr/lib/google-cloud-sdk/platform/cloud-firestore-emulator/cloud_firestore_emulator";

type Variables = BTreeMap<String, String>;

pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let started = Instant::now();
    let (sender, stop) = mpsc::channel();
    ctrlc::set_handler(move || sender.send(()).unwrap_or_default()).context("cannot wait for Ctrl-C")?;
    dev::stop_leftovers();
    let listen = options.listen.as_deref().unwrap_or("127.0.0.1:3000");
    TcpListener::bind(listen).with_context(|| {
        format!("{listen} is taken: stop what runs there, or choose another with --listen")
    })?;
    fs::create_dir_all(dev::folder().join("logs"))?;

    components::build()?;
    components::build_tools()?;
    let secrets = keys::load_or_make(&dev::folder().join("dev.env"))?;
    let mut variables: Variables = secrets.clone();
    variables.extend(DEVELOPMENT.map(|(name, value)| (name.to_owned(), value.to_owned())));
    let _database = database(options, &secrets, &mut variables)?;
    let mut servers = Vec::new();
    servers.extend(firestore(options, &mut variables)?);
    let (host, url) = step("start the application", || application(options, listen, &variables))?;
    servers.push(host);
    dev::remember(&servers)?;
    announce(&url, started);

    let token = secrets.get("SERVICE_TOKEN").map(String::as_str).unwrap_or_default();
    let is_spin = host_name(options)? == "spin";
    let mut due = JOBS.map(|(every, _)| Instant::now() + every);
    // Everything stops when this returns: servers first, then the database.
    loop {
        if stop.recv_timeout(Duration::from_millis(300)).is_ok() {
            eprintln!("\nstopping");
            return Ok(());
        }
        servers.iter_mut().try_for_each(Server::check).context("see .cartwheel/logs")?;
        // devhost does this itself; spin has no such option.
        for (due, (every, path)) in due.iter_mut().zip(JOBS) {
            if is_spin && Instant::now() >= *due {
                *due = Instant::now() + every;
                let bearer = format!("authorization: Bearer {token}");
                let address = format!("{url}{path}");
                let _ = output(Command::new("curl").args(["-sS", "-X", "POST", "-H", &bearer, &address]));
            }
        }
    }
}

/// What is called again and again while the shop is open.
const JOBS: [(Duration, &str); 3] = [
    (Duration::from_secs(60), "/internal/orders/reconcile"),
    (Duration::from_secs(5), "/internal/users/notifications/deliver"),
    (Duration::from_secs(5), "/internal/orders/events/deliver"),
];

/// What is different in development, unless the environment says otherwise.
const DEVELOPMENT: [(&str, &str); 2] = [
    // Messages to people go to the log.
    ("ENVIRONMENT", "development"),
    // Whoever tries things out comes from one address, and makes more than ten accounts in a minute.
    ("REGISTRATIONS_PER_MINUTE", "600"),
];

/// The database, and the variables that lead to it.
fn database(
    options: &Options,
    secrets: &Variables,
    variables: &mut Variables,
) -> anyhow::Result<Option<crate::pg::Cluster>> {
    let password =
        |name: &str| secrets.get(name).cloned().with_context(|| format!("{name} is not in dev.env"));
    let mut lead_to = |host: &str, port: &str| {
        for service in ["USERS", "PRODUCTS"] {
            variables.insert(format!("{service}_DB_HOST"), host.to_owned());
            variables.insert(format!("{service}_DB_PORT"), port.to_owned());
        }
    };
    if let Some(url) = &options.database_url {
        let (base, _) =
            url.rsplit_once('/').context("--database-url is postgres://user:password@host:port/postgres")?;
        let authority = base.rsplit_once('@').map_or(base, |(_, authority)| authority);
        let (host, port) = authority.rsplit_once(':').unwrap_or((authority, "5432"));
        dev::migrate(url, |name| format!("{base}/{name}"), password)?;
        lead_to(host, port);
        return Ok(None);
    }
    let cluster = dev::start_database()?;
    dev::migrate(&cluster.address("postgres"), |name| cluster.address(name), password)?;
    lead_to("127.0.0.1", &cluster.port().to_string());
    Ok(Some(cluster))
}

fn firestore(options: &Options, variables: &mut Variables) -> anyhow::Result<Option<Server>> {
    let mut set = |auth: &str, url: String| {
        variables.insert("FIRESTORE_AUTH".to_owned(), auth.to_owned());
        variables.insert("FIRESTORE_URL".to_owned(), url);
    };
    match options.firestore.as_deref().unwrap_or("embedded") {
        "embedded" => step("start the Firestore emulator", || {
            let mut command = Command::new(built("firestore-emulator"));
            command.arg("--data").arg(dev::folder().join("firestore.json"));
            command.arg("--indexes").arg(root().join("infra/firestore.indexes.json"));
            let (server, address) = Server::start(&mut command, "Serving ", Duration::from_secs(10), |_| {})?;
            set("emulator", address);
            Ok(Some(server))
        }),
        "google" => step("start Google's Firestore emulator", || {
            if !Path::new(GOOGLE_EMULATOR).exists() {
                bail!(
                    "it is not installed; install it with\n    sudo apt-get install google-cloud-cli-firestore-emulator"
                );
            }
            let port = crate::pg::free_port()?;
            let mut command = Command::new(GOOGLE_EMULATOR);
            command.args(["start", "--host=127.0.0.1", &format!("--port={port}")]);
            let ready = "Dev App Server is now running.";
            let (server, _) =
                Server::start(command.stderr(log("firestore")?), ready, Duration::from_secs(60), |_| {})?;
            set("emulator", format!("http://127.0.0.1:{port}"));
            Ok(Some(server))
        }),
        url if url.starts_with("http") => {
            set("google", url.to_owned());
            Ok(None)
        }
        other => bail!("--firestore is embedded, google or a URL, not {other:?}"),
    }
}

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

fn application(options: &Options, listen: &str, variables: &Variables) -> anyhow::Result<(Server, String)> {
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
    command.current_dir(root()).stderr(log("application")?);
    for (name, value) in variables {
        // What a developer sets is what counts.
        let name = format!("SPIN_VARIABLE_{name}");
        if std::env::var_os(&name).is_none() {
            command.env(name, value);
        }
    }
    let mut file = log("components")?;
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
        .context("see .cartwheel/logs/application.log")?;
    Ok((server, format!("http://{address}")))
}

fn log(name: &str) -> anyhow::Result<File> {
    let path = dev::folder().join("logs").join(format!("{name}.log"));
    File::create(&path).with_context(|| format!("cannot write {}", path.display()))
}

fn announce(url: &str, started: Instant) {
    println!("\nThe shop is open at {url}, after {} s.\n", started.elapsed().as_secs());
    for (email, _, role, password) in ACCOUNTS {
        println!("  {role:<9} {email:<18} {password}");
    }
    println!(
        "
  curl {url}/products?category=Electronics
  curl {url}/users/login -H 'content-type: application/json' -d '{{\"email\":\"ada@example.com\",\"password\":\"correct horse battery\"}}'
  curl {url}/orders/cart -H \"authorization: Bearer $TOKEN\" -H 'content-type: application/json' -d '{{\"productId\":1,\"quantity\":2}}'

The services' log is in .cartwheel/logs/components.log. Ctrl-C stops everything; `cargo xtask reset` starts over."
    );
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
