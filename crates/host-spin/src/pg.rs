//! [`Database`] on Spin's outbound PostgreSQL.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use capability::retry::poll_until;
use capability::{Database, DatabaseAddress, DbError, Param, Statement};
use spin_sdk::pg::{Connection, DbValue, Error, ParameterValue, PgError, QueryError};

use crate::deadline::within;
use crate::host::{SpinClock, SpinHost};

/// The one connection of an instance.
///
/// Opening a connection costs a round trip of seven statements. Concurrent requests share the connection and their statements
/// are pipelined, which is safe because no statement begins a transaction.
pub struct Pool {
    address: String,
    connection: RefCell<Option<Rc<Connection>>>,
    is_opening: Cell<bool>,
}

/// The permit to open the connection. Dropping it, also with an abandoned request, releases it.
struct OpenPermit<'p>(&'p Cell<bool>);

impl Drop for OpenPermit<'_> {
    fn drop(&mut self) {
        self.0.set(false);
    }
}

/// How a request obtains the connection.
enum Step<'p> {
    Use(Rc<Connection>),
    Open(OpenPermit<'p>),
}

/// The interval at which a request checks whether another one has opened the connection.
const POLL_INTERVAL: Duration = Duration::from_millis(2);

impl Pool {
    pub(crate) fn new(address: &DatabaseAddress) -> Self {
        Self {
            address: address.expose().to_owned(),
            connection: RefCell::new(None),
            is_opening: Cell::new(false),
        }
    }

    /// Returns the connection. If there is none, one of the concurrent requests opens it and the others wait: the host has 64
    /// connections for all instances, and a request for another one waits without a limit.
    async fn connection(&self, limit: Duration) -> Result<Rc<Connection>, DbError> {
        let step = poll_until(&SpinClock, POLL_INTERVAL, limit, async || self.next_step()).await;
        match step {
            Some(Step::Use(connection)) => Ok(connection),
            Some(Step::Open(permit)) => self.open(permit).await,
            None => Err(DbError::Unreachable("the connection is being opened".to_owned())),
        }
    }

    fn next_step(&self) -> Option<Step<'_>> {
        if let Some(connection) = &*self.connection.borrow() {
            return Some(Step::Use(Rc::clone(connection)));
        }
        (!self.is_opening.replace(true)).then(|| Step::Open(OpenPermit(&self.is_opening)))
    }

    async fn open(&self, _permit: OpenPermit<'_>) -> Result<Rc<Connection>, DbError> {
        let opened = Connection::open(self.address.clone()).await.map_err(|error| {
            // Spin's text may quote the address, which holds the password.
            DbError::Unreachable(describe(&error).replace(&self.address, "(address)"))
        })?;
        let opened = Rc::new(opened);
        self.connection.replace(Some(Rc::clone(&opened)));
        Ok(opened)
    }

    /// Removes a broken connection, unless another request has replaced it already.
    fn remove(&self, broken: &Rc<Connection>) {
        self.connection.borrow_mut().take_if(|current| Rc::ptr_eq(current, broken));
    }

    async fn run(
        &self,
        statement: &Statement,
        params: &[Param<'_>],
        limit: Duration,
    ) -> Result<Option<String>, DbError> {
        let connection = self.connection(limit).await?;
        let outcome = fetch(&connection, statement, params).await;
        if outcome.as_ref().is_err_and(is_broken) {
            self.remove(&connection);
        }
        outcome
    }
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pool(..)")
    }
}

impl Database for SpinHost<Pool> {
    async fn query(&self, statement: &Statement, params: &[Param<'_>]) -> Result<Option<String>, DbError> {
        let limit = self.call_timeout;
        let attempts = async {
            let first = self.database.run(statement, params, limit).await;
            match &first {
                Err(error) if is_broken(error) && statement.is_repeatable => {
                    self.database.run(statement, params, limit).await
                }
                _ => first,
            }
        };
        let outcome = within(limit, attempts).await.unwrap_or_else(|| {
            // The statement may block the connection: the requests behind it open another one.
            self.database.connection.take();
            Err(DbError::OutcomeUnknown(format!("no result within {limit:?}")))
        });
        outcome.map_err(|error| name_statement(error, statement))
    }
}

async fn fetch(
    connection: &Connection,
    statement: &Statement,
    params: &[Param<'_>],
) -> Result<Option<String>, DbError> {
    let params: Vec<ParameterValue> = params.iter().map(parameter).collect();
    let mut result = connection.query(statement.sql, params).await.map_err(classify)?;
    let first = result.rows().next().await;
    // The host ends an instance that reads a stream after its end.
    let second = match first {
        Some(_) => result.rows().next().await,
        None => None,
    };
    // The rows of a failed statement end early, so its success is read from the result.
    result.result().await.map_err(classify)?;
    if second.is_some() {
        return Err(DbError::Unexpected("more than one row".to_owned()));
    }
    match first.and_then(|row| row.into_iter().next()) {
        None | Some(DbValue::DbNull) => Ok(None),
        Some(DbValue::Str(text)) => Ok(Some(text)),
        Some(_) => Err(DbError::Unexpected("the column is not text".to_owned())),
    }
}

fn parameter(param: &Param<'_>) -> ParameterValue {
    match *param {
        Param::Null => ParameterValue::DbNull,
        Param::Bool(value) => ParameterValue::Boolean(value),
        Param::Int(value) => ParameterValue::Int64(value),
        Param::Text(value) => ParameterValue::Str(value.to_owned()),
    }
}

fn classify(error: Error) -> DbError {
    match error {
        Error::PgError(PgError::QueryFailed(QueryError::DbError(error))) => DbError::Rejected {
            constraint: error.extras.into_iter().find(|(key, _)| key == "constraint").map(|(_, name)| name),
            sqlstate: error.code,
            message: error.message,
        },
        // An error without a SQLSTATE is the driver's: the connection broke before or after the statement ran.
        Error::PgError(PgError::QueryFailed(QueryError::Text(text))) => DbError::OutcomeUnknown(text),
        Error::PgError(PgError::ConnectionFailed(text)) => DbError::Unreachable(text),
        other => DbError::Unexpected(describe(&other)),
    }
}

/// Returns whether the connection is unusable: it broke (08), or the server is shutting down (57P01 to 57P03).
fn is_broken(error: &DbError) -> bool {
    match error {
        DbError::OutcomeUnknown(_) => true,
        DbError::Rejected { sqlstate, .. } => sqlstate.starts_with("57P") || sqlstate.starts_with("08"),
        DbError::Unreachable(_) | DbError::Unexpected(_) => false,
    }
}

fn name_statement(error: DbError, statement: &Statement) -> DbError {
    let name = statement.name;
    match error {
        DbError::Unreachable(text) => DbError::Unreachable(format!("{name}: {text}")),
        DbError::OutcomeUnknown(text) => DbError::OutcomeUnknown(format!("{name}: {text}")),
        DbError::Unexpected(text) => DbError::Unexpected(format!("{name}: {text}")),
        DbError::Rejected { sqlstate, constraint, message } => {
            DbError::Rejected { sqlstate, constraint, message: format!("{name}: {message}") }
        }
    }
}

fn describe(error: &Error) -> String {
    format!("{error:?}")
}
