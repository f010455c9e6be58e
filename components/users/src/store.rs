//! One function for each statement. The SQL is in `sql/`, in a file of the same name.

mod accounts;
mod addresses;
mod admissions;
mod notifications;
mod sessions;

use capability::{Database, DbError, Statement};
use kernel::page::PageItems;
use serde::Deserialize;
use serde::de::DeserializeOwned;

pub use crate::store::accounts::*;
pub use crate::store::addresses::*;
pub use crate::store::admissions::*;
pub use crate::store::notifications::*;
pub use crate::store::sessions::*;

/// The outcome of a change of a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change<T> {
    /// The change was made and this is the result.
    Applied(T),
    /// The resource does not exist or belongs to another account.
    NotFound,
    /// The resource has a version that the client does not expect.
    StaleVersion,
    /// The account has [`MAX_ADDRESSES_PER_ACCOUNT`](crate::domain::limits::MAX_ADDRESSES_PER_ACCOUNT) addresses.
    TooManyAddresses,
    /// The shop would have no admin who can log in.
    LastAdmin,
}

/// Checks that the database answers.
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

/// Reads `{next, items}`.
fn list_page<T: DeserializeOwned>(
    statement: &Statement,
    answer: Option<String>,
) -> Result<PageItems<T, i64>, DbError> {
    #[derive(Deserialize)]
    struct Row<T> {
        next: Option<i64>,
        items: Vec<T>,
    }
    let Row { next, items } = required(statement, answer)?;
    Ok(PageItems { items, next })
}

/// Reads `{outcome, value}`.
fn change<T: DeserializeOwned>(statement: &Statement, answer: Option<String>) -> Result<Change<T>, DbError> {
    #[derive(Deserialize)]
    struct Row<T> {
        outcome: String,
        value: Option<T>,
    }
    let Some(row) = optional::<Row<T>>(statement, answer)? else { return Ok(Change::NotFound) };
    match (row.outcome.as_str(), row.value) {
        ("made", Some(value)) => Ok(Change::Applied(value)),
        ("absent", _) => Ok(Change::NotFound),
        ("stale", _) => Ok(Change::StaleVersion),
        ("too-many", _) => Ok(Change::TooManyAddresses),
        ("last-admin", _) => Ok(Change::LastAdmin),
        (other, _) => Err(DbError::Unexpected(format!("{}: the outcome {other}", statement.name))),
    }
}
