//! What is still to be done about the stock of an order, whatever died before it was done.

use firestore::{CommitError, Document};
use kernel::Timestamp;

use crate::Host;
use crate::catalog::{Catalog, CatalogError};
use crate::order::{Order, Status};
use crate::steps::{Step, Steps};
use crate::store::Store;

/// Why something is left to be done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unsettled {
    #[error(transparent)]
    Store(#[from] firestore::Error),
    #[error(transparent)]
    Commit(#[from] CommitError),
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    #[error("the time for it is over")]
    OutOfTime,
}

/// Gives the stock of a cancelled order back, once however often this is repeated, and writes down that it is back. Returns
/// the order's version.
pub(crate) async fn give_back<H: Host>(
    (store, catalog): (&Store<'_, H>, &Catalog<'_, H>),
    (order, version): (&Order, Timestamp),
    (clock, steps): (&H, Steps),
) -> Result<Timestamp, Unsettled> {
    catalog.release(&order.order_id).await?;
    steps.done(clock, Step::CancelReleased).await;
    if !order.awaits_release {
        return Ok(version);
    }
    let noted = store.note_release(order, version).await?;
    steps.done(clock, Step::CancelNoted).await;
    Ok(noted)
}

/// Does for an order that is being read what its checkout or its cancellation may have died before. What fails is left to
/// reconciling.
pub(crate) async fn on_read<H: Host>(
    store: &Store<'_, H>,
    catalog: &Catalog<'_, H>,
    found: &Document<Order>,
    host: &H,
    steps: Steps,
) -> Timestamp {
    let (order, version) = (&found.value, found.update_time);
    match order.status {
        Status::Cancelled if order.awaits_release => {
            give_back((store, catalog), (order, version), (host, steps)).await.unwrap_or(version)
        }
        Status::Pending if order.is_stale(host.now()) => {
            let _ = catalog.confirm(&order.order_id).await;
            version
        }
        _ => version,
    }
}
