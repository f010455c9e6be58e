//! The [`Database`] capability: one statement, one finished JSON text.
//!
//! Each statement is a whole unit of work, a PL/pgSQL function or one CTE, and returns at most one row with one text
//! column. On Spin a statement costs two round trips, each row crosses the sandbox's boundary separately, and a
//! transaction that is open when its instance dies is handed to the next borrower of the connection. One statement with
//! one row avoids all three, and its JSON is often the response.

/// A PostgreSQL database that runs one statement at a time, each one a transaction of its own.
pub trait Database {
    /// Runs the statement and returns the text in the first column of its only row; `None` if there is no row or the
    /// text is NULL.
    ///
    /// A [repeatable](Statement::repeatable) statement is sent once more over a new connection if the connection is
    /// broken, so that a restart of the database fails no request.
    fn query(
        &self,
        statement: &Statement,
        params: &[Param<'_>],
    ) -> impl Future<Output = Result<Option<String>, DbError>>;
}

/// A SQL statement. Its text is a `&'static str`, which makes SQL that is built at run time a type error.
#[derive(Debug, Clone, Copy)]
pub struct Statement {
    /// The name of its file, for logs and for the test that plans every statement.
    pub name: &'static str,
    /// The text, with `$1`-style parameters only.
    pub sql: &'static str,
    /// Whether running it twice has the effect of running it once.
    pub is_repeatable: bool,
}

impl Statement {
    /// Declares a read, or a write that is idempotent by a key among its parameters.
    pub const fn repeatable(name: &'static str, sql: &'static str) -> Self {
        Self { name, sql, is_repeatable: true }
    }

    /// Declares a write that must not be repeated: it would take effect twice, or be rejected the second time.
    pub const fn once(name: &'static str, sql: &'static str) -> Self {
        Self { name, sql, is_repeatable: false }
    }

    /// Parses the JSON that this statement has returned.
    ///
    /// # Errors
    /// Fails with [`DbError::Unexpected`] if the SQL and the type do not agree, which is a defect of the store.
    pub fn decode<T: serde::de::DeserializeOwned>(&self, json: &str) -> Result<T, DbError> {
        serde_json::from_str(json).map_err(|error| DbError::Unexpected(format!("{}: {error}", self.name)))
    }
}

/// A value for a `$n` parameter. Cast in SQL where the column is of another type: `$1::text::jsonb`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Param<'a> {
    /// NULL of any type.
    Null,
    /// `boolean`
    Bool(bool),
    /// `bigint`
    Int(i64),
    /// `text`
    Text(&'a str),
}

impl From<bool> for Param<'_> {
    fn from(value: bool) -> Self {
        Param::Bool(value)
    }
}

impl From<i64> for Param<'_> {
    fn from(value: i64) -> Self {
        Param::Int(value)
    }
}

impl<'a> From<&'a str> for Param<'a> {
    fn from(value: &'a str) -> Self {
        Param::Text(value)
    }
}

impl<'a> From<&'a String> for Param<'a> {
    fn from(value: &'a String) -> Self {
        Param::Text(value)
    }
}

impl<'a, T: Into<Param<'a>>> From<Option<T>> for Param<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Param::Null, Into::into)
    }
}

/// Why a statement returned no result. The texts are for the log, never for a client.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DbError {
    /// No connection could be opened: the statement did not run.
    #[error("database unreachable: {0}")]
    Unreachable(String),
    /// The connection broke or the time limit passed: the statement may or may not have run.
    #[error("outcome unknown: {0}")]
    OutcomeUnknown(String),
    /// PostgreSQL rejected the statement and changed nothing.
    #[error("rejected with SQLSTATE {sqlstate}: {message}")]
    Rejected {
        /// The error code, five characters (PostgreSQL, appendix A).
        sqlstate: String,
        /// The name of the violated constraint.
        constraint: Option<String>,
        /// PostgreSQL's message.
        message: String,
    },
    /// The result is not one row with one text column, or its JSON has another shape: a defect of the store.
    #[error("unexpected result: {0}")]
    Unexpected(String),
}

impl DbError {
    /// Returns whether the statement violated the constraint of this name.
    #[must_use]
    pub fn is_constraint(&self, name: &str) -> bool {
        matches!(self, DbError::Rejected { constraint: Some(constraint), .. } if constraint == name)
    }
}

/// Maps the violation of a named constraint to an error of the domain.
pub trait OnConstraint<T, E> {
    /// Maps the error to `error` if the constraint `name` was violated, otherwise converts the database's error.
    ///
    /// # Errors
    /// Returns the mapped error.
    fn on_constraint(self, name: &str, error: E) -> Result<T, E>;
}

impl<T, E: From<DbError>> OnConstraint<T, E> for Result<T, DbError> {
    fn on_constraint(self, name: &str, error: E) -> Result<T, E> {
        self.map_err(|cause| if cause.is_constraint(name) { error } else { cause.into() })
    }
}
