//! A real PostgreSQL behind the `Database` capability, as strict as Spin.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use capability::{Database, DbError, Param, Statement};
use migrate::Service;
use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};
use tokio_postgres::{AsyncMessage, Client, NoTls};

use crate::environment;

/// The database of a service, new and migrated, used with the rights of the service's role.
pub struct NativePg {
    client: Client,
    address: String,
}

impl NativePg {
    /// Creates a migrated database for one test.
    pub async fn fresh(service: Service) -> Self {
        let address = empty_database(service).await;
        migrate::up(service, &address).await.unwrap();
        Self::connected(service, address).await
    }

    /// Creates a database from a dump.
    pub async fn restored(service: Service, dump: &str) -> Self {
        // The dump grants rights to the service's role, which the migrations create.
        Self::fresh(service).await;
        let address = empty_database(service).await;
        connect(&address).await.batch_execute(dump).await.unwrap();
        Self::connected(service, address).await
    }

    /// The administrator's address of the database.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Another connection to the same database.
    pub async fn again(&self, service: Service) -> Self {
        Self::connected(service, self.address.clone()).await
    }

    async fn connected(service: Service, address: String) -> Self {
        let client = connect(&address).await;
        client.batch_execute(&format!("set role {}_service", service.name())).await.unwrap();
        Self { client, address }
    }

    /// Opens another connection, on which PostgreSQL reports the plan of each statement, also of those inside functions.
    pub async fn explaining(&self, service: Service) -> (Self, Plans) {
        let (client, mut connection) = tokio_postgres::connect(&self.address, NoTls).await.unwrap();
        let plans = Plans::default();
        let received = plans.clone();
        tokio::spawn(async move {
            while let Some(message) = std::future::poll_fn(|context| connection.poll_message(context)).await {
                if let Ok(AsyncMessage::Notice(notice)) = message {
                    received.0.lock().unwrap().push(notice.message().to_owned());
                }
            }
        });
        let role = format!(
            "load 'auto_explain';
             set auto_explain.log_min_duration = 0;
             set auto_explain.log_nested_statements = on;
             set auto_explain.log_analyze = on;
             set auto_explain.log_buffers = on;
             set client_min_messages = log;
             set role {}_service",
            service.name()
        );
        client.batch_execute(&role).await.unwrap();
        (Self { client, address: self.address.clone() }, plans)
    }

    /// Runs SQL with all rights, to set a scene.
    pub async fn admin(&self, sql: &str) {
        connect(&self.address).await.batch_execute(sql).await.unwrap();
    }

    /// Runs SQL with all rights, and returns what PostgreSQL says against it.
    ///
    /// # Errors
    /// PostgreSQL's words.
    pub async fn try_admin(&self, sql: &str) -> Result<(), String> {
        connect(&self.address).await.batch_execute(sql).await.map_err(|error| format!("{error:?}"))
    }

    /// The text that a query with all rights answers.
    pub async fn read(&self, sql: &str) -> String {
        connect(&self.address).await.query_one(sql, &[]).await.unwrap().get(0)
    }

    /// The types of a statement's parameters and columns.
    ///
    /// # Errors
    /// What PostgreSQL says to a statement that it does not understand.
    pub async fn describe(&self, sql: &str) -> Result<(Vec<Type>, Vec<Type>), String> {
        let prepared = self.client.prepare(sql).await.map_err(|error| format!("{error:?}"))?;
        let columns = prepared.columns().iter().map(|column| column.type_().clone()).collect();
        Ok((prepared.params().to_vec(), columns))
    }
}

/// The plans that PostgreSQL has reported.
#[derive(Debug, Clone, Default)]
pub struct Plans(Arc<Mutex<Vec<String>>>);

impl Plans {
    /// Returns the plans that were reported since the last call.
    #[must_use]
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

/// Creates an empty database and returns the administrator's address of it.
async fn empty_database(service: Service) -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let name = format!("store_{}_{}_{number}", service.name(), std::process::id());
    let admin = environment("CARTWHEEL_TEST_PG");
    let client = connect(&admin).await;
    client.batch_execute(&create_role(service)).await.unwrap();
    client.batch_execute(&format!("create database {name}")).await.unwrap();
    admin.replace("dbname=postgres", &format!("dbname={name}"))
}

/// Returns the statement that creates the role of a service. Roles belong to the whole cluster, and tests that run at the same
/// time must not create the same one twice.
fn create_role(service: Service) -> String {
    format!(
        "do $$
         begin
           perform pg_advisory_xact_lock(1);
           if not exists (select from pg_roles where rolname = '{0}_service') then
             create role {0}_service nologin;
           end if;
         end
         $$",
        service.name()
    )
}

/// Connects, for as long as the client lives.
pub async fn connect(address: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(address, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

#[derive(Debug)]
struct Sql<'a>(Param<'a>);

impl ToSql for Sql<'_> {
    fn to_sql(
        &self,
        kind: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self.0 {
            Param::Null => Ok(IsNull::Yes),
            // The driver checks the type that the statement infers, as Spin's does.
            Param::Bool(value) => value.to_sql_checked(kind, out),
            Param::Int(value) => value.to_sql_checked(kind, out),
            Param::Text(value) => value.to_sql_checked(kind, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

impl Database for NativePg {
    async fn query(&self, statement: &Statement, params: &[Param<'_>]) -> Result<Option<String>, DbError> {
        let params: Vec<Sql<'_>> = params.iter().copied().map(Sql).collect();
        let params: Vec<&(dyn ToSql + Sync)> = params.iter().map(|param| param as _).collect();
        let rows =
            self.client.query(statement.sql, &params).await.map_err(|error| match error.as_db_error() {
                Some(refusal) => DbError::Rejected {
                    sqlstate: refusal.code().code().to_owned(),
                    constraint: refusal.constraint().map(str::to_owned),
                    message: refusal.message().to_owned(),
                },
                None => DbError::OutcomeUnknown(error.to_string()),
            })?;
        assert!(rows.len() <= 1, "{} answers {} rows", statement.name, rows.len());
        Ok(rows.first().and_then(|row| row.get(0)))
    }
}
