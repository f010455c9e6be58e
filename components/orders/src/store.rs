//! Carts, orders and idempotency records in Firestore: what is read, and what is written together.

use firestore::value::ValueError;
use firestore::{CommitError, Direction, Document, Error, Query, Write};
use http::HeaderMap;
use kernel::{Limit, OrderId, Timestamp, UserId};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::cart::Cart;
use crate::order::{Order, Status};
use crate::{App, Host};

/// A cart, and the version that it was read at. `None` if it was not there.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// The cart; an empty one if there was none.
    pub cart: Cart,
    /// When it was last written.
    pub version: Option<Timestamp>,
}

/// What a client's `Idempotency-Key` stood for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Idempotency {
    /// The order that was placed with it.
    pub order_id: OrderId,
    /// A hash of the request that it came with.
    pub fingerprint: String,
    /// When Firestore's TTL policy may remove it.
    pub expires_at: Timestamp,
}

/// A position in a list of orders.
pub type PageKey = (Timestamp, OrderId);

/// The documents, on behalf of a request.
#[derive(Debug)]
pub struct Store<'a, H> {
    app: &'a App<H>,
    trace: &'a HeaderMap,
}

impl<'a, H: Host> Store<'a, H> {
    /// The documents of this service.
    pub fn new(app: &'a App<H>, trace: &'a HeaderMap) -> Self {
        Self { app, trace }
    }

    /// A user's cart.
    ///
    /// # Errors
    /// [`Error`]
    pub async fn cart(&self, user: UserId) -> Result<Seen, Error> {
        let found: Option<Document<Cart>> = self.get(&cart_path(user)).await?;
        Ok(match found {
            Some(document) => Seen { cart: document.value, version: Some(document.update_time) },
            None => Seen { cart: Cart::new(self.app.host.bytes(), self.app.host.now()), version: None },
        })
    }

    /// Writes a cart that nobody has written since it was seen.
    ///
    /// # Errors
    /// [`CommitError`]
    pub async fn save_cart(
        &self,
        user: UserId,
        cart: &Cart,
        seen: Option<Timestamp>,
    ) -> Result<(), CommitError> {
        self.commit(&[Write::set(cart_path(user), cart)?.unchanged_since(seen)]).await
    }

    /// An order.
    ///
    /// # Errors
    /// [`Error`]
    pub async fn order(&self, id: &OrderId) -> Result<Option<Document<Order>>, Error> {
        self.get(&order_path(id)).await
    }

    /// What an idempotency key stood for.
    ///
    /// # Errors
    /// [`Error`]
    pub async fn idempotency(&self, key: Option<&str>) -> Result<Option<Idempotency>, Error> {
        let Some(key) = key else { return Ok(None) };
        let found = self.get(&idempotency_path(key)).await?;
        Ok(found.map(|document| document.value))
    }

    /// The one commit of a checkout: the order comes to be, the cart is emptied and counts on, and the key stands for the
    /// order. All of it, if the order did not exist and the cart is the one that was seen; else nothing.
    ///
    /// # Errors
    /// [`CommitError`]
    pub async fn place(
        &self,
        order: &Order,
        user: UserId,
        (emptied, seen): (&Cart, Option<Timestamp>),
        idempotency: Option<(&str, &Idempotency)>,
    ) -> Result<(), CommitError> {
        let mut writes = vec![
            Write::create(order_path(&order.order_id), order)?,
            Write::set(cart_path(user), emptied)?.unchanged_since(seen),
        ];
        if let Some((key, record)) = idempotency {
            writes.push(Write::create(idempotency_path(key), record)?);
        }
        self.commit(&writes).await
    }

    /// Writes an order that must not exist yet.
    ///
    /// # Errors
    /// [`CommitError`]
    pub async fn create_order(&self, order: &Order) -> Result<(), CommitError> {
        self.commit(&[Write::create(order_path(&order.order_id), order)?]).await
    }

    /// Writes an order that nobody has written since it was read.
    ///
    /// # Errors
    /// [`CommitError`]
    pub async fn save_order(&self, order: &Order, seen: Timestamp) -> Result<(), CommitError> {
        self.commit(&[Write::set(order_path(&order.order_id), order)?.unchanged_since(Some(seen))]).await
    }

    /// A page of a user's orders, the newest first, and where to go on.
    ///
    /// # Errors
    /// [`Error`]
    pub async fn orders_of(
        &self,
        user: UserId,
        status: Option<Status>,
        after: Option<PageKey>,
        limit: Limit,
    ) -> Result<(Vec<Order>, Option<PageKey>), Error> {
        let mut query = Query::of("orders", limit.get().saturating_add(1))
            .equal("userId", user.get().into())
            .order_by("createdAt", Direction::Descending)
            .order_by("orderId", Direction::Descending);
        if let Some(status) = status {
            query = query.equal("status", plain(&status)?);
        }
        if let Some((created_at, id)) = after {
            query = query.start_after(vec![("createdAt", plain(&created_at)?), ("orderId", plain(&id)?)]);
        }
        let found = self.app.config.firestore.run(&self.app.host, self.trace, &query).await?;
        let mut orders: Vec<Order> = found.into_iter().map(|document| document.value).collect();
        let page_size = usize::try_from(limit.get()).unwrap_or(usize::MAX);
        let has_more = orders.len() > page_size;
        orders.truncate(page_size);
        let next = orders.last().filter(|_| has_more).map(|last| (last.created_at, last.order_id.clone()));
        Ok((orders, next))
    }

    /// Whether Firestore answers.
    ///
    /// # Errors
    /// [`Error`]
    pub async fn ping(&self) -> Result<(), Error> {
        self.app.config.firestore.ping(&self.app.host, self.trace).await
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<Option<Document<T>>, Error> {
        self.app.config.firestore.get(&self.app.host, self.trace, path).await
    }

    async fn commit(&self, writes: &[Write]) -> Result<(), CommitError> {
        self.app.config.firestore.commit(&self.app.host, self.trace, writes).await
    }
}

fn cart_path(user: UserId) -> String {
    format!("carts/user-{user}")
}

fn order_path(id: &OrderId) -> String {
    format!("orders/{id}")
}

fn idempotency_path(key: &str) -> String {
    format!("idempotency/{key}")
}

fn plain(value: &impl Serialize) -> Result<Value, ValueError> {
    serde_json::to_value(value).map_err(|_| firestore::value::ValueError::from("a key cannot be written"))
}
