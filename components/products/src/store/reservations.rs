//! The statements of the orders service.

use capability::{Database, DbError, Param, Statement};
use kernel::{Limit, OrderId};

use super::row::{one, to_json, unexpected};
use crate::domain::reservation::{Item, Outcome, ReserveRequest, ReserveRow};

/// Reserves the stock of all lines, or of none. Idempotent by order and lines.
pub async fn reserve(db: &impl Database, request: &ReserveRequest) -> Result<Outcome, DbError> {
    let ReserveRequest { order_id, revision, lines, hold_s } = request;
    let lines = to_json(lines)?;
    let params = [order_id.as_str().into(), (*revision).into(), (&lines).into(), (*hold_s).into()];
    outcome(db, &repeatable!("reserve"), &params).await
}

/// Confirms the reservation of an order. Idempotent.
pub async fn confirm(db: &impl Database, order: &OrderId) -> Result<Outcome, DbError> {
    outcome(db, &repeatable!("confirm"), &[order.as_str().into()]).await
}

/// Releases the reservation of an order and returns its stock. Idempotent.
pub async fn release(db: &impl Database, order: &OrderId) -> Result<Outcome, DbError> {
    outcome(db, &repeatable!("release"), &[order.as_str().into()]).await
}

async fn outcome(
    db: &impl Database,
    statement: &Statement,
    params: &[Param<'_>],
) -> Result<Outcome, DbError> {
    let row: ReserveRow = statement.decode(&one(db, statement, params).await?)?;
    row.into_outcome().ok_or_else(|| unexpected(statement))
}

/// Finds the reservation of an order.
pub async fn find_reservation(db: &impl Database, order: &OrderId) -> Result<Option<String>, DbError> {
    db.query(&repeatable!("find_reservation"), &[order.as_str().into()]).await
}

/// Lists held reservations that have expired.
pub async fn list_expired_reservations(db: &impl Database, limit: Limit) -> Result<String, DbError> {
    one(db, &repeatable!("list_expired_reservations"), &[limit.get().into()]).await
}

/// Returns the current price and stock of each item that is sold.
pub async fn quote(db: &impl Database, items: &[Item]) -> Result<String, DbError> {
    let items = to_json(items)?;
    one(db, &repeatable!("quote"), &[(&items).into()]).await
}
