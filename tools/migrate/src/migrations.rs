//! Applies and reverts the numbered migrations of a service.

use std::collections::BTreeMap;

use anyhow::{Context as _, anyhow, bail};
use sha2::{Digest as _, Sha256};
use tokio_postgres::{Client, NoTls};

use crate::files::{Migration, Service};
use crate::functions;

/// The advisory lock that a migrator holds on the database.
const LOCK: i64 = 0x0063_6172_7477_686c;

/// What `up` or `down` changed, by name.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Changes {
    pub migrations: Vec<&'static str>,
    pub functions: Vec<&'static str>,
}

/// Connects to a database. The connection is closed when the client is dropped.
pub(crate) async fn connect(address: &str) -> anyhow::Result<Client> {
    let (client, connection) = tokio_postgres::connect(address, NoTls)
        .await
        .map_err(|error| message(&error))
        .context("cannot connect to PostgreSQL; check that it runs at the given address")?;
    tokio::spawn(connection);
    Ok(client)
}

/// Applies the migrations that are not applied yet, then the functions that have changed.
///
/// # Errors
/// If a migration or a function fails, or if the text of an applied migration has changed.
pub async fn up(service: Service, address: &str) -> anyhow::Result<Changes> {
    let mut client = locked(address).await?;
    let applied = applied(&client).await?;
    let mut changes = Changes::default();
    for migration in service.migrations()? {
        match applied.get(&migration.version) {
            Some(checksum) if *checksum == checksum_of(migration.up) => {}
            Some(checksum) if service.is_superseded(migration.version, checksum) => {
                record(&client, &migration).await?;
            }
            Some(_) => bail!(
                "{:04}_{} was changed after it was applied: write a new migration instead, or reset the database",
                migration.version,
                migration.name
            ),
            None => {
                apply(&mut client, &migration).await?;
                changes.migrations.push(migration.name);
            }
        }
    }
    changes.functions = functions::apply(&mut client, service).await?;
    Ok(changes)
}

/// Drops the functions and reverts the migrations above `to`. The next `up` creates the functions again.
///
/// # Errors
/// If a migration cannot be reverted.
pub async fn down(service: Service, address: &str, to: i64) -> anyhow::Result<Changes> {
    let mut client = locked(address).await?;
    let applied = applied(&client).await?;
    let mut changes =
        Changes { functions: functions::drop_all(&client, service).await?, ..Changes::default() };
    for migration in service.migrations()?.into_iter().rev() {
        if migration.version > to && applied.contains_key(&migration.version) {
            let transaction = client.transaction().await?;
            transaction
                .batch_execute(migration.down)
                .await
                .map_err(|error| message(&error))
                .with_context(|| failed(&migration))?;
            transaction
                .execute("delete from schema_migrations where version = $1", &[&migration.version])
                .await?;
            transaction.commit().await?;
            changes.migrations.push(migration.name);
        }
    }
    Ok(changes)
}

/// Returns the name of each migration and whether it is applied.
///
/// # Errors
/// If the database cannot be queried.
pub async fn status(service: Service, address: &str) -> anyhow::Result<Vec<(String, bool)>> {
    let applied = applied(&locked(address).await?).await?;
    let state = |migration: Migration| {
        (format!("{:04}_{}", migration.version, migration.name), applied.contains_key(&migration.version))
    };
    Ok(service.migrations()?.into_iter().map(state).collect())
}

/// Fills a database for development. Idempotent.
///
/// # Errors
/// If the seed fails.
pub async fn seed(service: Service, address: &str) -> anyhow::Result<()> {
    let client = connect(address).await?;
    match service.seed() {
        Some(sql) => client
            .batch_execute(sql)
            .await
            .map_err(|error| message(&error))
            .with_context(|| format!("the seed of {}", service.name())),
        None => Ok(()),
    }
}

/// Returns PostgreSQL's own message with its detail and hint, without the address of the server.
pub(crate) fn message(error: &tokio_postgres::Error) -> anyhow::Error {
    let Some(refusal) = error.as_db_error() else { return anyhow!("{error:#}") };
    let detail = refusal.detail().map(|detail| format!("; detail: {detail}")).unwrap_or_default();
    let hint = refusal.hint().map(|hint| format!("; hint: {hint}")).unwrap_or_default();
    anyhow!("PostgreSQL answers {}: {}{detail}{hint}", refusal.code().code(), refusal.message())
}

/// Returns the SHA-256 of a file's text, in hexadecimal digits.
pub(crate) fn checksum_of(text: &str) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

async fn locked(address: &str) -> anyhow::Result<Client> {
    let client = connect(address).await?;
    client.execute("select pg_advisory_lock($1)", &[&LOCK]).await?;
    client
        .batch_execute(
            "create table if not exists schema_migrations (
               version bigint primary key, name text not null, checksum text not null,
               applied_at timestamptz not null default now()
             );
             create table if not exists schema_functions (
               name text primary key, checksum text not null, applied_at timestamptz not null default now()
             )",
        )
        .await
        .map_err(|error| message(&error))?;
    Ok(client)
}

async fn applied(client: &Client) -> anyhow::Result<BTreeMap<i64, String>> {
    let rows = client.query("select version, checksum from schema_migrations", &[]).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

async fn apply(client: &mut Client, migration: &Migration) -> anyhow::Result<()> {
    let transaction = client.transaction().await?;
    transaction
        .batch_execute(migration.up)
        .await
        .map_err(|error| message(&error))
        .with_context(|| failed(migration))?;
    record(transaction.client(), migration).await?;
    transaction.commit().await?;
    Ok(())
}

/// Records that a migration is applied, with the checksum of its present text.
async fn record(client: &Client, migration: &Migration) -> anyhow::Result<()> {
    client
        .execute(
            "insert into schema_migrations (version, name, checksum) values ($1, $2, $3)
             on conflict (version) do update set checksum = excluded.checksum",
            &[&migration.version, &migration.name, &checksum_of(migration.up)],
        )
        .await?;
    Ok(())
}

fn failed(migration: &Migration) -> String {
    format!("migration {:04}_{}", migration.version, migration.name)
}
