//! Up, down, and what was applied.

use std::collections::BTreeMap;

use anyhow::{Context as _, bail};
use sha2::{Digest as _, Sha256};
use tokio_postgres::{Client, NoTls};

use crate::files::{Migration, Service};

/// The advisory lock of whoever migrates a database.
const LOCK: i64 = 0x0063_6172_7477_686c;

/// Connects; the connection works until the client is dropped.
pub(crate) async fn connect(address: &str) -> anyhow::Result<Client> {
    let (client, connection) = tokio_postgres::connect(address, NoTls)
        .await
        .context("cannot connect: is PostgreSQL running there?")?;
    tokio::spawn(connection);
    Ok(client)
}

/// Applies what is not applied yet. Returns the names of what was.
///
/// # Errors
/// If a migration fails, or one that was applied has changed since.
pub async fn up(service: Service, address: &str) -> anyhow::Result<Vec<&'static str>> {
    let mut client = locked(address).await?;
    let applied = applied(&client).await?;
    let mut done = Vec::new();
    for migration in service.migrations()? {
        match applied.get(&migration.version) {
            Some(checksum) if *checksum == checksum_of(&migration) => {}
            Some(_) => bail!(
                "{:04}_{} was changed after it was applied: write a new migration instead, or reset the database",
                migration.version,
                migration.name
            ),
            None => {
                apply(&mut client, &migration).await?;
                done.push(migration.name);
            }
        }
    }
    Ok(done)
}

/// Takes everything above `to` back. Returns the names.
///
/// # Errors
/// If a migration cannot be taken back.
pub async fn down(service: Service, address: &str, to: i64) -> anyhow::Result<Vec<&'static str>> {
    let mut client = locked(address).await?;
    let applied = applied(&client).await?;
    let mut done = Vec::new();
    for migration in service.migrations()?.into_iter().rev() {
        if migration.version > to && applied.contains_key(&migration.version) {
            let transaction = client.transaction().await?;
            transaction.batch_execute(migration.down).await.with_context(|| failed(&migration))?;
            transaction
                .execute("delete from schema_migrations where version = $1", &[&migration.version])
                .await?;
            transaction.commit().await?;
            done.push(migration.name);
        }
    }
    Ok(done)
}

/// Each migration, and whether it is applied.
///
/// # Errors
/// If the database cannot be asked.
pub async fn status(service: Service, address: &str) -> anyhow::Result<Vec<(String, bool)>> {
    let applied = applied(&locked(address).await?).await?;
    let told = |migration: Migration| {
        (format!("{:04}_{}", migration.version, migration.name), applied.contains_key(&migration.version))
    };
    Ok(service.migrations()?.into_iter().map(told).collect())
}

/// Fills a database for development. Harmless when repeated.
///
/// # Errors
/// If the seed fails.
pub async fn seed(service: Service, address: &str) -> anyhow::Result<()> {
    let client = connect(address).await?;
    match service.seed() {
        Some(sql) => {
            client.batch_execute(sql).await.with_context(|| format!("the seed of {}", service.name()))
        }
        None => Ok(()),
    }
}

async fn locked(address: &str) -> anyhow::Result<Client> {
    let client = connect(address).await?;
    client.execute("select pg_advisory_lock($1)", &[&LOCK]).await?;
    client
        .batch_execute(
            "create table if not exists schema_migrations (
               version bigint primary key, name text not null, checksum text not null,
               applied_at timestamptz not null default now()
             )",
        )
        .await?;
    Ok(client)
}

async fn applied(client: &Client) -> anyhow::Result<BTreeMap<i64, String>> {
    let rows = client.query("select version, checksum from schema_migrations", &[]).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

async fn apply(client: &mut Client, migration: &Migration) -> anyhow::Result<()> {
    let transaction = client.transaction().await?;
    transaction.batch_execute(migration.up).await.with_context(|| failed(migration))?;
    transaction
        .execute(
            "insert into schema_migrations (version, name, checksum) values ($1, $2, $3)",
            &[&migration.version, &migration.name, &checksum_of(migration)],
        )
        .await?;
    transaction.commit().await?;
    Ok(())
}

fn failed(migration: &Migration) -> String {
    format!("migration {:04}_{}", migration.version, migration.name)
}

fn checksum_of(migration: &Migration) -> String {
    Sha256::digest(migration.up).iter().map(|byte| format!("{byte:02x}")).collect()
}
