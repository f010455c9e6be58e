//! The [`Database`] capability: one statement, one finished JSON text.
//!
//! Each statement is a whole unit of work, a PL/pgSQL function or one CTE, and answers at most one row with one text
//! column. On Spin a statement costs two round trips and every row crosses the sandbox's border on its own, while a
//! transaction that is open when its instance dies is handed to the next borrower of the connection. One statement with
//! one row has neither problem, and the JSON often goes to the client as it is.

/// A PostgreSQL database that runs one statement at a time, each one a transaction of its own.
pub trait Database {
    /// Runs the statement and returns the text in the first column of its only row, `None` if it has no row or the text
    /// is NULL.
    ///
    /// A statement that may be repeated ([`Statement::repeatable`]) is sent once more when the connection turns out to
    /// have broken, so that a restart of the database costs no request.
    ///
    /// # Errors
    /// See [`DbError`].
    fn query(
        &self,
        statement: &Statement,
        params: &[Param<'_>],
    ) -> impl Future<Output = Result<Option<String>, DbError>>;
}

/// SQL that was written by a person: `&'static str` makes SQL that is built at run time a type error.
#[derive(Debug, Clone, Copy)]
pub struct Statement {
    /// The file it comes from, for logs and for the test that plans every statement.
    pub name: &'static str,
    /// The text, with `$1`-style parameters only.
    pub sql: &'static str,
    /// Whether running it twice is the same as running it once.
    pub is_repeatable: bool,
}

impl Statement {
    /// A read, or a write that is idempotent by a key among its parameters.
    pub const fn repeatable(name: &'static str, sql: &'static str) -> Self {
        Self { name, sql, is_repeatable: true }
    }

    /// A write that would happen twice, or be refused the second time.
    pub const fn once(name: &'static str, sql: &'static str) -> Self {
        Self { name, sql, is_repeatable: false }
    }
}

impl Statement {
    /// Reads the JSON that this statement answered.
    ///
    /// # Errors
    /// [`DbError::Unexpected`]: the SQL and the type do not agree, a defect of ours.
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

/// Why a statement gave no answer. The texts are for the log, never for a client.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DbError {
    /// No connection could be had: the statement did not run.
    #[error("database unreachable: {0}")]
    Unreachable(String),
    /// The connection broke or the time was up: the statement may or may not have run.
    #[error("outcome unknown: {0}")]
    OutcomeUnknown(String),
    /// PostgreSQL refused it, and nothing was changed.
    #[error("refused with SQLSTATE {sqlstate}: {message}")]
    Refused {
        /// Five characters, see PostgreSQL's appendix A.
        sqlstate: String,
        /// The name of the violated constraint.
        constraint: Option<String>,
        /// PostgreSQL's own words.
        message: String,
    },
    /// The answer is not one row with one text column, or its JSON is not what the store expects: a defect of ours.
    #[error("unexpected answer: {0}")]
    Unexpected(String),
}

impl DbError {
    /// Whether the statement violated the constraint of this name.
    #[must_use]
    pub fn is_constraint(&self, name: &str) -> bool {
        matches!(self, DbError::Refused { constraint: Some(constraint), .. } if constraint == name)
    }
}

/// Turns the violation of a named constraint into the domain's word for it.
pub trait OnConstraint<T, E> {
    /// `error` if the constraint `name` was violated, otherwise the database error as the domain wraps it.
    ///
    /// # Errors
    /// The mapped error.
    fn on_constraint(self, name: &str, error: E) -> Result<T, E>;
}

impl<T, E: From<DbError>> OnConstraint<T, E> for Result<T, DbError> {
    fn on_constraint(self, name: &str, error: E) -> Result<T, E> {
        self.map_err(|cause| if cause.is_constraint(name) { error } else { cause.into() })
    }
}

/// A text as a part of a LIKE pattern: nothing in it stands for anything else.
#[must_use]
pub fn like_literal(text: &str) -> String {
    let mut literal = String::with_capacity(text.len());
    for character in text.chars() {
        if matches!(character, '%' | '_' | '\\') {
            literal.push('\\');
        }
        literal.push(character);
    }
    literal
}
