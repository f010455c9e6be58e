//! What the application needs: PostgreSQL and Firestore.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};

use super::Variables;
use crate::migrate;
use crate::options::Options;
use crate::postgres::Cluster;
use crate::process::{built, root};
use crate::server::Server;
use crate::state::{Database, State};
use crate::steps::step;

/// Google's emulator, where Debian's package `google-cloud-cli-firestore-emulator` puts it.
const GOOGLE_EMULATOR: &str =
    "/usr/lib/google-cloud-sdk/platform/cloud-firestore-emulator/cloud_firestore_emulator";

/// Starts and migrates the database, and sets the variables that lead to it.
pub(super) fn database(
    options: &Options,
    kept: Option<&Database>,
    secrets: &Variables,
    variables: &mut Variables,
) -> anyhow::Result<Option<Cluster>> {
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
        migrate::databases(url, |name| format!("{base}/{name}"), password)?;
        lead_to(host, port);
        return Ok(None);
    }
    let cluster = kept.context("there is no database")?.start()?;
    migrate::databases(&cluster.address("postgres"), |name| cluster.address(name), password)?;
    lead_to("127.0.0.1", &cluster.port().to_string());
    Ok(Some(cluster))
}

/// Starts the Firestore emulator, if the options ask for one, and sets the variables that lead to Firestore.
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
        "embedded" => step("start the Firestore emulator", || {
            let mut command = Command::new(built("firestore-emulator"));
            command.arg("--data").arg(state.file("firestore.json"));
            command.arg("--indexes").arg(root().join("infra/firestore.indexes.json"));
            let (server, address) = Server::start(&mut command, "Serving ", Duration::from_secs(10), |_| {})?;
            set("emulator", address);
            Ok(Some(server))
        }),
        "google" => step("start Google's Firestore emulator", || {
            ensure!(Path::new(GOOGLE_EMULATOR).exists(), "Google's Firestore emulator is not installed");
            let port = crate::postgres::free_port()?;
            let mut command = Command::new(GOOGLE_EMULATOR);
            command.args(["start", "--host=127.0.0.1", &format!("--port={port}")]);
            let ready = "Dev App Server is now running.";
            let (server, _) = Server::start(
                command.stderr(state.log("firestore")?),
                ready,
                Duration::from_secs(60),
                |_| {},
            )?;
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
