//! Creates a service's database and its role, before the first migration.

use std::time::Duration;

use anyhow::Context as _;
use tokio_postgres::Client;

use crate::files::Service;
use crate::migrations::connect;

/// The role of a service: it may log in to the service's database, and owns no object there.
#[derive(Debug, Clone)]
pub struct Role {
    pub service: Service,
    pub password: String,
}

/// Creates the database and the role, or updates the role. `admin` is the address of a role with CREATEDB and CREATEROLE.
///
/// # Errors
/// If PostgreSQL rejects a statement.
pub async fn bootstrap(admin: &str, role: &Role) -> anyhow::Result<()> {
    let client = connect(admin).await?;
    let service = role.service.name();
    let (database, user) = (format!("{service}_db"), format!("{service}_service"));
    let message =
        || format!("cannot create {database} and {user}: does the admin role have CREATEDB and CREATEROLE?");
    if !exists(&client, "select from pg_roles where rolname = $1", &user).await? {
        client.batch_execute(&format!("create role {user} nologin")).await.with_context(message)?;
    }
    if !exists(&client, "select from pg_database where datname = $1", &database).await? {
        client.batch_execute(&format!("create database {database}")).await.with_context(message)?;
    }
    let password = role.password.replace('\'', "''");
    let settings = format!(
        "alter role {user} with login nosuperuser nocreatedb nocreaterole password '{password}';
         revoke connect on database {database} from public;
         grant connect on database {database} to {user};
         {}",
        limits(&user),
    );
    client.batch_execute(&settings).await.with_context(message)
}

/// Returns the statements that limit the time of a statement, so that its locks are released even if the client has died.
fn limits(user: &str) -> String {
    let limit =
        |name: &str, limit: Duration| format!("alter role {user} set {name} = '{}ms';", limit.as_millis());
    [
        limit("statement_timeout", Duration::from_secs(5)),
        limit("lock_timeout", Duration::from_secs(2)),
        limit("idle_in_transaction_session_timeout", Duration::from_secs(10)),
        // Statements take milliseconds and are planned each time: compiling one took 300 ms.
        format!("alter role {user} set jit = off;"),
    ]
    .concat()
}

async fn exists(client: &Client, sql: &str, name: &str) -> anyhow::Result<bool> {
    Ok(!client.query(sql, &[&name]).await?.is_empty())
}
