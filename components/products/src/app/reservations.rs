//! Reservations of the orders service.

use capability::{Database, DbError};
use kernel::OrderId;

use crate::domain::reservation::{Outcome, ReserveRequest};
use crate::store;

/// A reservation as JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reservation {
    /// This request has reserved the stock.
    Created(String),
    /// The reservation existed.
    Existing(String),
}

/// Why there is no reservation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReservationError {
    /// The short lines as JSON.
    #[error("the stock does not suffice: {0}")]
    Short(String),
    #[error("a newer revision of the cart has a reservation, or the order exists")]
    Superseded,
    #[error("the reservation was released")]
    Released,
    #[error("the order has no reservation")]
    Absent,
    #[error(transparent)]
    Database(#[from] DbError),
}

/// Reserves the stock of all lines, or of none. Idempotent by order and lines.
pub async fn reserve(db: &impl Database, request: &ReserveRequest) -> Result<Reservation, ReservationError> {
    into_reservation(store::reserve(db, request).await?)
}

/// Confirms the reservation of an order. Idempotent.
pub async fn confirm(db: &impl Database, order: &OrderId) -> Result<Reservation, ReservationError> {
    into_reservation(store::confirm(db, order).await?)
}

/// Releases the reservation of an order, returns its stock, and returns the reservation as JSON. Idempotent.
pub async fn release(db: &impl Database, order: &OrderId) -> Result<String, ReservationError> {
    match store::release(db, order).await? {
        Outcome::Released(Some(reservation)) => Ok(reservation),
        Outcome::Absent => Err(ReservationError::Absent),
        other => Err(DbError::Unexpected(format!("release returned {other:?}")).into()),
    }
}

fn into_reservation(outcome: Outcome) -> Result<Reservation, ReservationError> {
    match outcome {
        Outcome::Reserved(json) => Ok(Reservation::Created(json)),
        Outcome::Repeated(json) | Outcome::Confirmed(json) => Ok(Reservation::Existing(json)),
        Outcome::Short(lines) => Err(ReservationError::Short(lines)),
        Outcome::Superseded => Err(ReservationError::Superseded),
        Outcome::Released(_) => Err(ReservationError::Released),
        Outcome::Absent => Err(ReservationError::Absent),
    }
}
