//! The stock of cancelled and interrupted orders.

use firestore::{CommitError, Versioned};
use kernel::Timestamp;

use super::context::Context;
use crate::Host;
use crate::clients::products::ProductsError;
use crate::domain::order::{Order, Status};
use crate::store::orders;

/// Why the stock of an order is not known to be released. A later call repeats the release.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReleaseError {
    #[error(transparent)]
    Read(#[from] firestore::Error),
    #[error(transparent)]
    Commit(#[from] CommitError),
    #[error(transparent)]
    Products(#[from] ProductsError),
    #[error("the time of this reconciliation is used up")]
    OutOfTime,
}

/// Releases the stock of a cancelled order and records that on the order. Idempotent. Returns the order's version.
pub(crate) async fn release_stock<H: Host>(
    context: &Context<'_, H>,
    order: &Order,
    version: Timestamp,
) -> Result<Timestamp, ReleaseError> {
    context.products.release(&order.order_id).await?;
    context.crash_point("cancel-released").await;
    if !order.awaits_release {
        return Ok(version);
    }
    let marked = orders::mark_released(&context.documents, order, version).await?;
    context.crash_point("cancel-noted").await;
    Ok(marked)
}

/// Completes an interrupted cancellation or checkout of an order that is being read. Failures are left to reconciliation.
/// Returns the order's version.
pub(crate) async fn repair_on_read<H: Host>(context: &Context<'_, H>, found: &Versioned<Order>) -> Timestamp {
    let (order, version) = (&found.value, found.update_time);
    if order.status == Status::Cancelled && order.awaits_release {
        return release_stock(context, order, version).await.unwrap_or(version);
    }
    if order.may_be_unconfirmed(context.now()) {
        let _ = context.products.confirm(&order.order_id).await;
    }
    version
}
