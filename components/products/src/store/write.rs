//! Writes that the database accepts or rejects.

use capability::{Database, DbError, Param, Statement};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::row::one;
use crate::domain::rejection::Rejection;

/// Why nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    #[error(transparent)]
    Rejected(#[from] Rejection),
    #[error(transparent)]
    Database(DbError),
}

impl From<DbError> for WriteError {
    /// Converts the violation of a constraint to the rule that the constraint enforces.
    fn from(error: DbError) -> Self {
        const RULES: [(&str, Rejection); 4] = [
            ("products_sku_key", Rejection::SkuTaken),
            ("product_variants_name_key", Rejection::VariantNameTaken),
            ("categories_slug_key", Rejection::SlugTaken),
            ("product_reviews_one_each", Rejection::AlreadyReviewed),
        ];
        let violated = RULES.into_iter().find(|(constraint, _)| error.is_constraint(constraint));
        violated.map_or(Self::Database(error), |(_, rejection)| Self::Rejected(rejection))
    }
}

/// The row of a database function that writes.
#[derive(Deserialize)]
struct Row<'a> {
    outcome: &'a str,
    #[serde(borrow)]
    value: Option<&'a RawValue>,
}

/// Runs a statement that returns `{outcome, value}`, and returns the value of an accepted write as JSON.
pub(super) async fn write(
    db: &impl Database,
    statement: &Statement,
    params: &[Param<'_>],
) -> Result<String, WriteError> {
    let answer = one(db, statement, params).await?;
    let row: Row<'_> = serde_json::from_str(&answer)
        .map_err(|error| DbError::Unexpected(format!("{}: {error}", statement.name)))?;
    let value = row.value.map(RawValue::get).unwrap_or_default();
    match row.outcome {
        "made" => Ok(value.to_owned()),
        outcome => Err(rejection(statement, outcome, value)?.into()),
    }
}

fn rejection(statement: &Statement, outcome: &str, value: &str) -> Result<Rejection, DbError> {
    Ok(match outcome {
        "absent" => Rejection::Absent,
        "stale" => Rejection::Stale,
        "category-absent" => Rejection::CategoryAbsent,
        "parent-absent" => Rejection::ParentAbsent,
        "circle" => Rejection::CategoryCycle,
        "in-use" => Rejection::CategoryInUse,
        "price-negative" => Rejection::NegativePrice,
        "insufficient-stock" => Rejection::InsufficientStock(statement.decode(value)?),
        "too-much-stock" => Rejection::TooMuchStock,
        other => return Err(DbError::Unexpected(format!("{}: the outcome {other}", statement.name))),
    })
}
