use firestore::{CommitError, Direction, Document, Error, Query, Write};
use kernel::{Limit, OrderId, Timestamp, UserId};

use super::{Store, cart_path, idempotency_path, newest_first, page, plain};
use crate::Host;
use crate::cart::Cart;
use crate::event::Event;
use crate::idempotency::{Idempotency, Key};
use crate::order::{Order, Status};
use crate::owner::Owner;
use crate::store::events::event_path;

/// Which orders are listed.
#[derive(Debug, Clone, Copy, Default)]
pub struct OrderFilter {
    /// Only this user's.
    pub user: Option<UserId>,
    /// Only those in this state.
    pub status: Option<Status>,
}

/// A position in a list of orders.
pub type PageKey = (Timestamp, OrderId);

/// What a checkout writes.
#[derive(Debug, Clone, Copy)]
pub struct Placement<'p> {
    /// The order that comes to be.
    pub order: &'p Order,
    /// Whose cart it was.
    pub user: UserId,
    /// The cart when it has become the order.
    pub emptied: &'p Cart,
    /// The version of the cart that was ordered.
    pub seen: Option<Timestamp>,
    /// The key, what it is to stand for, and the version of what it stood for long ago.
    pub key: Option<(&'p Key, &'p Idempotency, Option<Timestamp>)>,
}

impl<H: Host> Store<'_, H> {
    /// An order.
    ///
    /// # Errors
    /// [`Error`]
    pub async fn order(&self, id: &OrderId) -> Result<Option<Document<Order>>, Error> {
        self.get(&order_path(id)).await
    }

    /// The one commit of a checkout: the order comes to be and its event with it, the cart is emptied and counts on, and the
    /// key stands for the order. All of it, if the order did not exist and the cart is the one that was seen; else nothing.
    ///
    /// # Errors
    /// [`CommitError`]
    pub async fn place(&self, placement: Placement<'_>) -> Result<(), CommitError> {
        let Placement { order, user, emptied, seen, key } = placement;
        let event = Event::of(order);
        let mut writes = vec![
            Write::create(order_path(&order.order_id), order)?,
            Write::set(cart_path(&Owner::User(user)), emptied)?.unchanged_since(seen),
            Write::create(event_path(&event.event_id), &event)?,
        ];
        if let Some((key, record, expired)) = key {
            writes.push(Write::set(idempotency_path(key), record)?.unchanged_since(expired));
        }
        self.commit(&writes).await.map(|_| ())
    }

    /// Lets a key stand for an order that was placed without it.
    ///
    /// # Errors
    /// [`CommitError`]
    pub async fn remember(&self, key: &Key, record: &Idempotency) -> Result<(), CommitError> {
        self.commit(&[Write::create(idempotency_path(key), record)?]).await.map(|_| ())
    }

    /// Says that there will never be an order of this id.
    ///
    /// # Errors
    /// [`CommitError`]
    pub async fn fence(&self, id: &OrderId, now: Timestamp) -> Result<(), CommitError> {
        let tombstone = Order::tombstone(id.clone(), now);
        self.commit(&[Write::create(order_path(id), &tombstone)?]).await.map(|_| ())
    }

    /// Writes an order in its new state, and the event of it, if nobody has written the order since it was read. Returns the
    /// order's new version.
    ///
    /// # Errors
    /// [`CommitError`]
    pub async fn save_change(&self, order: &Order, seen: Timestamp) -> Result<Timestamp, CommitError> {
        let event = Event::of(order);
        let writes = [
            Write::set(order_path(&order.order_id), order)?.unchanged_since(Some(seen)),
            Write::create(event_path(&event.event_id), &event)?,
        ];
        Ok(self.commit(&writes).await?.into_iter().next().unwrap_or(seen))
    }

    /// Writes down that the stock of a cancelled order is back. Returns the order's new version.
    ///
    /// # Errors
    /// [`CommitError`]
    pub async fn note_release(&self, order: &Order, seen: Timestamp) -> Result<Timestamp, CommitError> {
        let released = Order { awaits_release: false, ..order.clone() };
        let write = Write::set(order_path(&order.order_id), &released)?.unchanged_since(Some(seen));
        Ok(self.commit(&[write]).await?.into_iter().next().unwrap_or(seen))
    }

    /// The cancelled orders whose stock is not known to be back, the longest waiting first.
    ///
    /// # Errors
    /// [`Error`]
    pub async fn awaiting_release(&self, limit: Limit) -> Result<Vec<Document<Order>>, Error> {
        let query = Query::of("orders", limit.get())
            .equal("awaitsRelease", true.into())
            .order_by("updatedAt", Direction::Ascending);
        self.run(&query).await
    }

    /// A page of orders, the newest first, and where to go on.
    ///
    /// # Errors
    /// [`Error`]
    pub async fn orders(
        &self,
        filter: OrderFilter,
        after: Option<PageKey>,
        limit: Limit,
    ) -> Result<(Vec<Order>, Option<PageKey>), Error> {
        let after = after.map(|(created_at, id)| (created_at, id.to_string()));
        let mut query = newest_first("orders", "orderId", after, limit)?;
        if let Some(user) = filter.user {
            query = query.equal("userId", user.get().into());
        }
        if let Some(status) = filter.status {
            query = query.equal("status", plain(&status)?);
        }
        let (orders, has_more) = page::<Order>(self.run(&query).await?, limit);
        let next = orders.last().filter(|_| has_more).map(|last| (last.created_at, last.order_id.clone()));
        Ok((orders, next))
    }
}

fn order_path(id: &OrderId) -> String {
    format!("orders/{id}")
}
