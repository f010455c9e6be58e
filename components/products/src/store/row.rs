//! The rows that statements return.

use capability::{Database, DbError, Param, Statement};
use kernel::page::Page;
use serde::Serialize;

/// A resource as JSON, and its version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionedJson {
    pub version: String,
    pub json: String,
}

/// Runs a statement that always returns a row.
pub(super) async fn one(
    db: &impl Database,
    statement: &Statement,
    params: &[Param<'_>],
) -> Result<String, DbError> {
    db.query(statement, params).await?.ok_or_else(|| unexpected(statement))
}

/// Runs a statement that returns a page, or no row.
pub(super) async fn page(
    db: &impl Database,
    statement: &Statement,
    params: &[Param<'_>],
) -> Result<Option<Page>, DbError> {
    let row = db.query(statement, params).await?;
    row.map(|json| statement.decode(&json)).transpose()
}

/// Writes a value as JSON for a `jsonb` parameter.
pub(super) fn to_json(value: &(impl Serialize + ?Sized)) -> Result<String, DbError> {
    serde_json::to_string(value).map_err(|error| DbError::Unexpected(error.to_string()))
}

pub(super) fn unexpected(statement: &Statement) -> DbError {
    DbError::Unexpected(format!("{} returned no row, or an unknown one", statement.name))
}
