//! `orders/{orderId}`

use firestore::{CommitError, Direction, Error, Query, Versioned, Write};
use kernel::page::{PageItems, PageRequest};
use kernel::{Limit, OrderId, Timestamp};

use super::carts::LoadedCart;
use super::idempotency::RecordWrite;
use super::{Documents, carts, events, idempotency, newest_first, to_value, values};
use crate::Host;
use crate::domain::cart::Cart;
use crate::domain::order::{Order, OrderFilter};
use crate::domain::order_event::OrderEvent;

/// The sort key of a list of orders.
pub(crate) type OrderKey = (Timestamp, OrderId);

/// The writes of a checkout.
#[derive(Debug)]
pub(crate) struct OrderCommit<'c> {
    pub(crate) order: &'c Order,
    /// The cart that becomes the order.
    pub(crate) cart: &'c LoadedCart,
    /// The cart after the order.
    pub(crate) emptied: &'c Cart,
    pub(crate) record: Option<RecordWrite<'c>>,
}

pub(crate) async fn find<H: Host>(
    documents: &Documents<'_, H>,
    id: &OrderId,
) -> Result<Option<Versioned<Order>>, Error> {
    documents.get(&path(id)).await
}

/// Places an order: creates it with its event, empties the cart as its next generation, and stores the record of the key.
/// Nothing is written if the order exists or the cart or the record has changed.
pub(crate) async fn place<H: Host>(
    documents: &Documents<'_, H>,
    commit: &OrderCommit<'_>,
) -> Result<(), CommitError> {
    let OrderCommit { order, cart, emptied, record } = commit;
    let mut writes = vec![
        Write::create(path(&order.order_id), order)?,
        carts::write(cart, emptied)?,
        events::creation(&OrderEvent::new(order))?,
    ];
    writes.extend(record.as_ref().map(idempotency::write).transpose()?);
    documents.commit(&writes).await.map(|_| ())
}

/// Creates a tombstone, so that no order of this id can be placed any more.
pub(crate) async fn write_tombstone<H: Host>(
    documents: &Documents<'_, H>,
    id: &OrderId,
    now: Timestamp,
) -> Result<(), CommitError> {
    let tombstone = Order::tombstone(id.clone(), now);
    documents.commit(&[Write::create(path(id), &tombstone)?]).await.map(|_| ())
}

/// Stores an order with its new status, and the event of it, if the order is unchanged since `version`. Returns the new
/// version of the order.
pub(crate) async fn save_transition<H: Host>(
    documents: &Documents<'_, H>,
    order: &Order,
    version: Timestamp,
) -> Result<Timestamp, CommitError> {
    let writes = [
        Write::set(path(&order.order_id), order)?.unchanged_since(Some(version)),
        events::creation(&OrderEvent::new(order))?,
    ];
    documents.commit_change(version, &writes).await
}

/// Records that the stock of a cancelled order is released. Returns the new version of the order.
pub(crate) async fn mark_released<H: Host>(
    documents: &Documents<'_, H>,
    order: &Order,
    version: Timestamp,
) -> Result<Timestamp, CommitError> {
    let released = Order { awaits_release: false, ..order.clone() };
    let write = Write::set(path(&order.order_id), &released)?.unchanged_since(Some(version));
    documents.commit_change(version, &[write]).await
}

/// Returns the cancelled orders whose stock is not known to be released, the oldest change first.
pub(crate) async fn awaiting_release<H: Host>(
    documents: &Documents<'_, H>,
    limit: Limit,
) -> Result<Vec<Versioned<Order>>, Error> {
    let query = Query::of("orders", limit.get())
        .equal("awaitsRelease", true.into())
        .order_by("updatedAt", Direction::Ascending);
    documents.run(&query).await
}

/// Returns a page of orders, the newest first.
pub(crate) async fn list<H: Host>(
    documents: &Documents<'_, H>,
    filter: OrderFilter,
    page: PageRequest<OrderKey>,
) -> Result<PageItems<Order, OrderKey>, Error> {
    let after = page.after.map(|(created_at, id)| (created_at, id.to_string()));
    let mut query = newest_first("orders", "orderId", after, page.limit)?;
    if let Some(user) = filter.user {
        query = query.equal("userId", user.get().into());
    }
    if let Some(status) = filter.status {
        query = query.equal("status", to_value(&status)?);
    }
    let orders: Vec<Order> = values(documents.run(&query).await?);
    Ok(PageItems::from_rows(orders, page.limit, |last| (last.created_at, last.order_id.clone())))
}

fn path(id: &OrderId) -> String {
    format!("orders/{id}")
}
