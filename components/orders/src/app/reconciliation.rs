//! Recovers interrupted checkouts and cancellations. A job calls it every minute; calling it at any time is safe.
//!
//! A reservation that is held and expired belongs to a checkout that was interrupted. If its order exists, the reservation is
//! confirmed. Otherwise a tombstone is written first, so that the checkout, if it is still running, cannot place the order;
//! then the reservation is released. Cancelled orders whose stock is not known to be released are completed as well.

use firestore::{CommitError, Versioned};
use futures_util::join;
use kernel::OrderId;
use serde::Serialize;

use super::context::Context;
use super::failure::Failure;
use super::stock_release::{ReleaseError, release_stock};
use crate::Host;
use crate::domain::limits::{RECONCILIATION_BATCH, RECONCILIATION_BUDGET};
use crate::domain::order::{Order, Status};
use crate::store::orders;

/// How many reservations were confirmed and released, and how many are left to the next call.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct ReconciliationReport {
    confirmed: u64,
    released: u64,
    pending: u64,
}

enum Outcome {
    Confirmed,
    Released,
}

impl ReconciliationReport {
    fn count(&mut self, outcome: Result<Outcome, ReleaseError>) {
        let count = match outcome {
            Ok(Outcome::Confirmed) => &mut self.confirmed,
            Ok(Outcome::Released) => &mut self.released,
            // The next call repeats it: every step is idempotent by the order's id.
            Err(_) => &mut self.pending,
        };
        *count = count.saturating_add(1);
    }
}

/// Completes a batch of expired reservations and unfinished cancellations.
pub(crate) async fn reconcile<H: Host>(context: &Context<'_, H>) -> Result<ReconciliationReport, Failure> {
    let (expired, cancelled) = join!(
        context.products.expired_reservations(RECONCILIATION_BATCH),
        orders::awaiting_release(&context.documents, RECONCILIATION_BATCH)
    );
    let (expired, cancelled) = (expired?, cancelled?);
    context.crash_point("reconcile-listed").await;
    let end = context.now().checked_add(RECONCILIATION_BUDGET);
    let has_time = || end.is_none_or(|end| context.now() < end);
    let mut report = ReconciliationReport::default();
    for order in expired {
        report.count(if has_time() { settle(context, &order).await } else { Err(ReleaseError::OutOfTime) });
    }
    for order in cancelled {
        report.count(if has_time() { release(context, &order).await } else { Err(ReleaseError::OutOfTime) });
    }
    Ok(report)
}

/// Confirms or releases the expired reservation of an order.
async fn settle<H: Host>(context: &Context<'_, H>, id: &OrderId) -> Result<Outcome, ReleaseError> {
    let found = orders::find(&context.documents, id).await?;
    context.crash_point("reconcile-looked-up").await;
    let status = match found {
        Some(found) => found.value.status,
        None => write_tombstone(context, id).await?,
    };
    let outcome = if status == Status::Cancelled {
        context.products.release(id).await?;
        Outcome::Released
    } else {
        context.products.confirm(id).await?;
        Outcome::Confirmed
    };
    context.crash_point("reconcile-settled").await;
    Ok(outcome)
}

/// Writes a tombstone unless the checkout places its order first. Returns the status of the order that is then stored.
async fn write_tombstone<H: Host>(context: &Context<'_, H>, id: &OrderId) -> Result<Status, ReleaseError> {
    let status = match orders::write_tombstone(&context.documents, id, context.now()).await {
        Ok(()) => Status::Cancelled,
        // The order of the checkout, or the tombstone of an earlier attempt of this commit.
        Err(CommitError::AlreadyExists) => {
            let found = orders::find(&context.documents, id).await?;
            found.ok_or(CommitError::AlreadyExists)?.value.status
        }
        Err(error) => return Err(error.into()),
    };
    context.crash_point("reconcile-fenced").await;
    Ok(status)
}

async fn release<H: Host>(
    context: &Context<'_, H>,
    order: &Versioned<Order>,
) -> Result<Outcome, ReleaseError> {
    release_stock(context, &order.value, order.update_time).await?;
    Ok(Outcome::Released)
}
