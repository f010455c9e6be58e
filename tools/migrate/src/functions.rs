//! Repeatable database functions: each one is applied again when its file has changed.

use std::collections::BTreeMap;

use anyhow::Context as _;
use tokio_postgres::Client;

use crate::files::{Function, Service};
use crate::migrations::{checksum_of, message};

/// Creates or replaces the functions whose files have changed, in one transaction. Returns their names.
///
/// Bodies are not checked when they are created, so a function may call one that is created later, and no function prevents a
/// later change of a table. The store tests run each of them.
pub(crate) async fn apply(client: &mut Client, service: Service) -> anyhow::Result<Vec<&'static str>> {
    let applied = applied(client).await?;
    let changed: Vec<(Function, String)> = service
        .functions()
        .map(|function| (function, checksum_of(function.sql)))
        .filter(|(function, checksum)| applied.get(function.name) != Some(checksum))
        .collect();
    let transaction = client.transaction().await?;
    transaction.batch_execute("set local check_function_bodies = off").await?;
    for (function, checksum) in &changed {
        transaction
            .batch_execute(function.sql)
            .await
            .map_err(|error| message(&error))
            .with_context(|| failed(function))?;
        transaction
            .execute(
                "insert into schema_functions (name, checksum) values ($1, $2)
                 on conflict (name) do update set checksum = excluded.checksum, applied_at = now()",
                &[&function.name, checksum],
            )
            .await?;
    }
    transaction.commit().await?;
    Ok(changed.into_iter().map(|(function, _)| function.name).collect())
}

/// Drops the functions that `apply` created, with the triggers that call them. Returns their names.
pub(crate) async fn drop_all(client: &Client, service: Service) -> anyhow::Result<Vec<&'static str>> {
    let applied = applied(client).await?;
    let mut dropped = Vec::new();
    for function in service.functions().filter(|function| applied.contains_key(function.name)) {
        client
            .batch_execute(&format!(
                "drop function if exists {0} cascade; delete from schema_functions where name = '{0}'",
                function.name
            ))
            .await
            .map_err(|error| message(&error))
            .with_context(|| failed(&function))?;
        dropped.push(function.name);
    }
    Ok(dropped)
}

async fn applied(client: &Client) -> anyhow::Result<BTreeMap<String, String>> {
    let rows = client.query("select name, checksum from schema_functions", &[]).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

fn failed(function: &Function) -> String {
    format!("function {}", function.name)
}
