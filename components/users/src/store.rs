//! One function per statement. The SQL is in `sql/`, under the same name.

mod accounts;
mod addresses;
mod admissions;
mod messages;
mod sessions;

use capability::{Database, DbError, Statement};
use serde::Deserialize;
use serde::de::DeserializeOwned;

pub use crate::store::accounts::*;
pub use crate::store::addresses::*;
pub use crate::store::admissions::*;
pub use crate::store::messages::*;
pub use crate::store::sessions::*;

/// Where a page begins, and how long it is: one more than asked for, which tells whether there is another page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageOf {
    /// The last id of the page before.
    pub after: Option<i64>,
    /// How many.
    pub limit: i64,
}

/// What a change came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change<T> {
    /// It was made; this is how things are now.
    Made(T),
    /// It is not there, or another's.
    Absent,
    /// It is another version than `If-Match` names.
    Stale,
    /// A rule forbids it.
    Refused(Rule),
}

/// A rule that a change can break, which only the database can check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// An account has [`crate::domain::address::MAX_PER_ACCOUNT`] addresses at most.
    AtMostSoManyAddresses,
    /// The shop has an admin who can log in.
    OneAdminAtLeast,
}

/// Whether the database answers.
///
/// # Errors
/// [`DbError`]
pub async fn ping(db: &impl Database) -> Result<(), DbError> {
    const PING: Statement = Statement::repeatable("ping", include_str!("../sql/ping.sql"));
    db.query(&PING, &[]).await.map(|_| ())
}

fn optional<T: DeserializeOwned>(
    statement: &Statement,
    answer: Option<String>,
) -> Result<Option<T>, DbError> {
    answer.map(|json| statement.decode(&json)).transpose()
}

fn required<T: DeserializeOwned>(statement: &Statement, answer: Option<String>) -> Result<T, DbError> {
    let json = answer.ok_or_else(|| DbError::Unexpected(format!("{} has no row", statement.name)))?;
    statement.decode(&json)
}

/// Reads `{outcome, value}`.
fn change<T: DeserializeOwned>(statement: &Statement, answer: Option<String>) -> Result<Change<T>, DbError> {
    #[derive(Deserialize)]
    struct Row<T> {
        outcome: String,
        value: Option<T>,
    }
    let Some(row) = optional::<Row<T>>(statement, answer)? else { return Ok(Change::Absent) };
    match (row.outcome.as_str(), row.value) {
        ("made", Some(value)) => Ok(Change::Made(value)),
        ("absent", _) => Ok(Change::Absent),
        ("stale", _) => Ok(Change::Stale),
        ("too-many", _) => Ok(Change::Refused(Rule::AtMostSoManyAddresses)),
        ("last-admin", _) => Ok(Change::Refused(Rule::OneAdminAtLeast)),
        (other, _) => Err(DbError::Unexpected(format!("{}: the outcome {other}", statement.name))),
    }
}
