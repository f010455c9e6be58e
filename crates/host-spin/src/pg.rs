//! [`Database`] on Spin's outbound PostgreSQL.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use capability::{Database, DatabaseAddress, DbError, Param, Statement};
use spin_sdk::pg::{Connection, DbValue, Error, ParameterValue, PgError, QueryError};

use crate::SpinHost;
use crate::deadline::within;

/// One connection for the whole instance.
///
/// Opening one costs a round trip of seven statements, every time. Concurrent requests share the connection and their
/// statements are pipelined, which is safe because there is never a BEGIN.
pub struct Pool {
    address: String,
    kept: RefCell<Option<Rc<Connection>>>,
    is_opening: Cell<bool>,
}

/// The right to open the instance's connection. Given back when it is dropped, also with a request that is given up.
struct Opening<'p>(&'p Cell<bool>);

impl Drop for Opening<'_> {
    fn drop(&mut self) {
        self.0.set(false);
    }
}

/// How long a request waits before it looks again whether another one has opened the connection. One request of an
/// instance cannot wake another.
const PAUSE: Duration = Duration::from_millis(2);

impl Pool {
    pub(crate) fn at(address: &DatabaseAddress) -> Self {
        Self { address: address.expose().to_owned(), kept: RefCell::new(None), is_opening: Cell::new(false) }
    }

    /// The instance's connection. Of sixteen requests that find none, one opens it: the host has 64 for all instances, and
    /// whoever asks for more waits without an end.
    async fn connection(&self) -> Result<Rc<Connection>, DbError> {
        loop {
            // Cloned out of the cell, so that nothing is borrowed over the await.
            let kept = self.kept.borrow().clone();
            if let Some(connection) = kept {
                return Ok(connection);
            }
            if !self.is_opening.replace(true) {
                return self.open(Opening(&self.is_opening)).await;
            }
            spin_sdk::time::sleep(PAUSE).await;
        }
    }

    async fn open(&self, _opening: Opening<'_>) -> Result<Rc<Connection>, DbError> {
        let opened = Connection::open(self.address.clone()).await.map_err(|error| {
            // Spin's text may quote the address, and the address has the password in it.
            DbError::Unreachable(describe(&error).replace(&self.address, "(address)"))
        })?;
        let opened = Rc::new(opened);
        *self.kept.borrow_mut() = Some(Rc::clone(&opened));
        Ok(opened)
    }

    /// Forgets a broken connection, but not the fresh one that a neighbour may have put in its place.
    fn forget(&self, broken: &Rc<Connection>) {
        self.kept.borrow_mut().take_if(|kept| Rc::ptr_eq(kept, broken));
    }

    async fn run(&self, statement: &Statement, params: &[Param<'_>]) -> Result<Option<String>, DbError> {
        let connection = self.connection().await?;
        let outcome = fetch(&connection, statement, params).await;
        if outcome.as_ref().is_err_and(is_broken) {
            self.forget(&connection);
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
        let attempts = async {
            let first = self.database.run(statement, params).await;
            match &first {
                Err(error) if is_broken(error) && statement.is_repeatable => {
                    self.database.run(statement, params).await
                }
                _ => first,
            }
        };
        let outcome = within(self.call_timeout, attempts).await;
        let outcome = outcome.unwrap_or_else(|| {
            // Whatever the connection is waiting for, the requests behind it shall not wait for it too.
            self.database.kept.borrow_mut().take();
            Err(DbError::OutcomeUnknown(format!("no answer within {:?}", self.call_timeout)))
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
    let mut answer = connection.query(statement.sql, params).await.map_err(classify)?;
    let first = answer.rows().next().await;
    // A stream that has said its end must not be read again: the host would end the instance.
    let second = match first {
        Some(_) => answer.rows().next().await,
        None => None,
    };
    // The rows end early when the statement fails: only the result says whether it ran to its end.
    answer.result().await.map_err(classify)?;
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
        Error::PgError(PgError::QueryFailed(QueryError::DbError(error))) => DbError::Refused {
            constraint: error.extras.into_iter().find(|(key, _)| key == "constraint").map(|(_, name)| name),
            sqlstate: error.code,
            message: error.message,
        },
        // What is not PostgreSQL's own word is the driver's: the connection broke, before or after the statement ran.
        Error::PgError(PgError::QueryFailed(QueryError::Text(text))) => DbError::OutcomeUnknown(text),
        Error::PgError(PgError::ConnectionFailed(text)) => DbError::Unreachable(text),
        other => DbError::Unexpected(describe(&other)),
    }
}

/// The connection cannot be used again: it is cut, or the server says that it is shutting down (57P01 to 57P03).
fn is_broken(error: &DbError) -> bool {
    match error {
        DbError::OutcomeUnknown(_) => true,
        DbError::Refused { sqlstate, .. } => sqlstate.starts_with("57P") || sqlstate.starts_with("08"),
        DbError::Unreachable(_) | DbError::Unexpected(_) => false,
    }
}

fn name_statement(error: DbError, statement: &Statement) -> DbError {
    let name = statement.name;
    match error {
        DbError::Unreachable(text) => DbError::Unreachable(format!("{name}: {text}")),
        DbError::OutcomeUnknown(text) => DbError::OutcomeUnknown(format!("{name}: {text}")),
        DbError::Unexpected(text) => DbError::Unexpected(format!("{name}: {text}")),
        DbError::Refused { sqlstate, constraint, message } => {
            DbError::Refused { sqlstate, constraint, message: format!("{name}: {message}") }
        }
    }
}

fn describe(error: &Error) -> String {
    format!("{error:?}")
}
