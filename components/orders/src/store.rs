//! Carts, orders, events and idempotency records in Firestore: what is read, and what is written together.

mod events;
mod orders;

use firestore::value::ValueError;
use firestore::{CommitError, Direction, Document, Error, Query, Write};
use http::HeaderMap;
use kernel::{Limit, Timestamp, UserId};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

pub use self::orders::{OrderFilter, PageKey, Placement};
use crate::cart::Cart;
use crate::idempotency::{Idempotency, Key};
use crate::owner::{CartToken, Owner};
use crate::{App, Host};

/// A cart, and the version that it was read at. `None` if it was not there.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// The cart; an empty one if there was none.
    pub cart: Cart,
    /// When it was last written.
    pub version: Option<Timestamp>,
}

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

    /// The cart of an owner. For a guest's that is not there any more there is an empty one of no version.
    ///
    /// # Errors
    /// [`Error`]
    pub async fn cart(&self, owner: &Owner) -> Result<Seen, Error> {
        let now = self.app.host.now();
        let found: Option<Document<Cart>> = self.get(&cart_path(owner)).await?;
        let open = found.filter(|document| document.value.is_open(now));
        Ok(match open {
            Some(document) => Seen { cart: document.value, version: Some(document.update_time) },
            None => Seen { cart: Cart::new(self.app.host.bytes(), now), version: None },
        })
    }

    /// A guest's cart, also one that has gone into another.
    ///
    /// # Errors
    /// [`Error`]
    pub async fn guest_cart(&self, token: &CartToken) -> Result<Option<Document<Cart>>, Error> {
        self.get(&cart_path(&Owner::Guest(token.clone()))).await
    }

    /// Writes a cart that nobody has written since it was seen.
    ///
    /// # Errors
    /// [`CommitError`]
    pub async fn save_cart(
        &self,
        owner: &Owner,
        cart: &Cart,
        seen: Option<Timestamp>,
    ) -> Result<(), CommitError> {
        self.commit(&[Write::set(cart_path(owner), cart)?.unchanged_since(seen)]).await.map(|_| ())
    }

    /// Writes a user's cart, and what is left of the guest's cart that went into it. Both, or neither.
    ///
    /// # Errors
    /// [`CommitError`]
    pub async fn save_merged(
        &self,
        user: UserId,
        (cart, seen): (&Cart, Option<Timestamp>),
        token: &CartToken,
        (rest, guest_seen): (&Cart, Timestamp),
    ) -> Result<(), CommitError> {
        let guest = Owner::Guest(token.clone());
        let writes = [
            Write::set(cart_path(&Owner::User(user)), cart)?.unchanged_since(seen),
            Write::set(cart_path(&guest), rest)?.unchanged_since(Some(guest_seen)),
        ];
        self.commit(&writes).await.map(|_| ())
    }

    /// What an idempotency key stood for, also if its time is over and it is only there still.
    ///
    /// # Errors
    /// [`Error`]
    pub async fn idempotency(&self, key: Option<&Key>) -> Result<Option<Document<Idempotency>>, Error> {
        match key {
            Some(key) => self.get(&idempotency_path(key)).await,
            None => Ok(None),
        }
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

    async fn run<T: DeserializeOwned>(&self, query: &Query) -> Result<Vec<Document<T>>, Error> {
        self.app.config.firestore.run(&self.app.host, self.trace, query).await
    }

    async fn commit(&self, writes: &[Write]) -> Result<Vec<Timestamp>, CommitError> {
        self.app.config.firestore.commit(&self.app.host, self.trace, writes).await
    }
}

/// A query of a list, the newest first: by time, and by id where times are equal. One more than the page is asked for.
fn newest_first(
    collection: &str,
    id: &str,
    after: Option<(Timestamp, String)>,
    limit: Limit,
) -> Result<Query, ValueError> {
    let query = Query::of(collection, limit.get().saturating_add(1))
        .order_by("createdAt", Direction::Descending)
        .order_by(id, Direction::Descending);
    Ok(match after {
        Some((created_at, last)) => {
            query.start_after(vec![("createdAt", plain(&created_at)?), (id, Value::from(last))])
        }
        None => query,
    })
}

/// The page that a query asked one more for, and whether the one more is there.
fn page<T>(found: Vec<Document<T>>, limit: Limit) -> (Vec<T>, bool) {
    let size = usize::try_from(limit.get()).unwrap_or(usize::MAX);
    let has_more = found.len() > size;
    (found.into_iter().take(size).map(|document| document.value).collect(), has_more)
}

fn cart_path(owner: &Owner) -> String {
    format!("carts/{}", owner.cart_id())
}

fn idempotency_path(key: &Key) -> String {
    format!("idempotency/{}", key.id)
}

fn plain(value: &impl Serialize) -> Result<Value, ValueError> {
    serde_json::to_value(value).map_err(|_| ValueError::from("a key cannot be written"))
}
