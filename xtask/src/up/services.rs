//! Starts the services that the application uses: PostgreSQL and Firestore.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};

use super::{Options, Variables};
use crate::migrate;
use crate::postgres::{Cluster, free_port};
use crate::process::{built, cmd, root};
use crate::server::Server;
use crate::state::{Database, State};
use crate::steps::step;

/// Google's emulator, in the folder of Debian's package `google-cloud-cli-firestore-emulator`.
const GOOGLE_EMULATOR: &str =
    "/usr/lib/google-cloud-sdk/platform/cloud-firestore-emulator/cloud_firestore_emulator";

/// Starts and migrates the database, and sets its variables. An external database is only migrated.
pub(super) fn database(
    options: &Options,
    kept: Option<&Database>,
    secrets: &Variables,
    variables: &mut Variables,
) -> anyhow::Result<Option<Cluster>> {
    let password =
        |name: &str| secrets.get(name).cloned().with_context(|| format!("{name} is not in dev.env"));
    if let Some(url) = &options.database_url {
        let (base, _) =
            url.rsplit_once('/').context("--database-url is postgres://user:password@host:port/postgres")?;
        let authority = base.rsplit_once('@').map_or(base, |(_, authority)| authority);
        let (host, port) = authority.rsplit_once(':').unwrap_or((authority, "5432"));
        migrate::databases(url, |name| format!("{base}/{name}"), password)?;
        set_database(variables, host, port);
        return Ok(None);
    }
    let cluster = kept.context("there is no database")?.start()?;
    migrate::databases(&cluster.address("postgres"), |name| cluster.address(name), password)?;
    set_database(variables, "127.0.0.1", &cluster.port().to_string());
    Ok(Some(cluster))
}

/// Sets the host and port of both databases.
fn set_database(variables: &mut Variables, host: &str, port: &str) {
    for service in ["USERS", "PRODUCTS"] {
        variables.insert(format!("{service}_DB_HOST"), host.to_owned());
        variables.insert(format!("{service}_DB_PORT"), port.to_owned());
    }
}

/// Starts the Firestore emulator that the options select, and sets the variables of Firestore. A URL needs no emulator.
pub(super) fn firestore(
    options: &Options,
    state: &State,
    variables: &mut Variables,
) -> anyhow::Result<Option<Server>> {
    let mut set = |auth: &str, url: String| {
        variables.insert("FIRESTORE_AUTH".to_owned(), auth.to_owned());
        variables.insert("FIRESTORE_URL".to_owned(), url);
    };
    match options.firestore.as_deref().unwrap_or("embedded") {
        "embedded" => {
            let (server, address) = step("start the Firestore emulator", || embedded(state))?;
            set("emulator", address);
            Ok(Some(server))
        }
        "google" => {
            let (server, address) = step("start Google's Firestore emulator", || google(state))?;
            set("emulator", address);
            Ok(Some(server))
        }
        url if url.starts_with("http") => {
            set("google", url.to_owned());
            Ok(None)
        }
        other => bail!("--firestore is embedded, google or a URL, not {other:?}"),
    }
}

fn embedded(state: &State) -> anyhow::Result<(Server, String)> {
    let (emulator, data) = (built("firestore-emulator"), state.file("firestore.json"));
    let indexes = root().join("infra/firestore.indexes.json");
    let mut command = cmd!("{emulator} --data {data} --indexes {indexes}");
    Server::start(&mut command, "Serving ", Duration::from_secs(10), |_| {})
}

fn google(state: &State) -> anyhow::Result<(Server, String)> {
    ensure!(Path::new(GOOGLE_EMULATOR).exists(), "Google's Firestore emulator is not installed");
    let port = free_port()?.to_string();
    let mut command = cmd!("{GOOGLE_EMULATOR} start --host=127.0.0.1 --port={port}");
    command.stderr(state.log("firestore")?);
    let ready = "Dev App Server is now running.";
    let (server, _) = Server::start(&mut command, ready, Duration::from_secs(60), |_| {})?;
    Ok((server, format!("http://127.0.0.1:{port}")))
}
