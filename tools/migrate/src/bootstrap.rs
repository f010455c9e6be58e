//! What stands before the first migration: a service's database and its role.

use std::time::Duration;

use anyhow::Context as _;
use tokio_postgres::Client;

use crate::files::Service;
use crate::migrations::connect;

/// A service's own role: it may log in to its own database, and owns nothing there.
#[derive(Debug, Clone)]
pub struct Role {
    /// Whose it is.
    pub service: Service,
    /// What it logs in with.
    pub password: String,
}

/// Makes the database and the role, or brings the role up to date. `admin` must be able to make both.
///
/// # Errors
/// If the server refuses.
pub async fn bootstrap(admin: &str, role: &Role) -> anyhow::Result<()> {
    let client = connect(admin).await?;
    let service = role.service.name();
    let (database, user) = (format!("{service}_db"), format!("{service}_service"));
    let told =
        || format!("cannot make {database} and {user}: does the admin role have CREATEDB and CREATEROLE?");
    if !exists(&client, "select from pg_roles where rolname = $1", &user).await? {
        client.batch_execute(&format!("create role {user} nologin")).await.with_context(told)?;
    }
    if !exists(&client, "select from pg_database where datname = $1", &database).await? {
        client.batch_execute(&format!("create database {database}")).await.with_context(told)?;
    }
    let password = role.password.replace('\'', "''");
    let settings = format!(
        "alter role {user} with login nosuperuser nocreatedb nocreaterole password '{password}';
         revoke connect on database {database} from public;
         grant connect on database {database} to {user};
         {}",
        limits(&user),
    );
    client.batch_execute(&settings).await.with_context(told)
}

/// A statement that hangs gives its locks back by itself, whatever became of the one who sent it.
fn limits(user: &str) -> String {
    let limit =
        |name: &str, limit: Duration| format!("alter role {user} set {name} = '{}ms';", limit.as_millis());
    [
        limit("statement_timeout", Duration::from_secs(5)),
        limit("lock_timeout", Duration::from_secs(2)),
        limit("idle_in_transaction_session_timeout", Duration::from_secs(10)),
        // Statements here take milliseconds, and are planned each time: to compile one took 300 ms.
        format!("alter role {user} set jit = off;"),
    ]
    .concat()
}

async fn exists(client: &Client, sql: &str, name: &str) -> anyhow::Result<bool> {
    Ok(!client.query(sql, &[&name]).await?.is_empty())
}
