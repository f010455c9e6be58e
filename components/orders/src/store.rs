//! Carts, orders, events and idempotency records in Firestore: what is read, and what is written together.

pub(crate) mod carts;
pub(crate) mod events;
pub(crate) mod idempotency;
pub(crate) mod orders;

use capability::TraceContext;
use capability::{Clock, Entropy, Http};
use firestore::value::ValueError;
use firestore::{CommitError, Direction, Error, Firestore, Query, Versioned, Write};
use kernel::{Limit, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The database, called on behalf of one request.
#[derive(Debug)]
pub(crate) struct Documents<'a, H> {
    pub(crate) firestore: &'a Firestore,
    pub(crate) host: &'a H,
    pub(crate) trace: TraceContext,
}

impl<H: Http + Clock + Entropy> Documents<'_, H> {
    /// Checks that Firestore responds.
    pub(crate) async fn ping(&self) -> Result<(), Error> {
        self.firestore.ping(self.host, &self.trace).await
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<Option<Versioned<T>>, Error> {
        self.firestore.get(self.host, &self.trace, path).await
    }

    async fn run<T: DeserializeOwned>(&self, query: &Query) -> Result<Vec<Versioned<T>>, Error> {
        self.firestore.run(self.host, &self.trace, query).await
    }

    async fn commit(&self, writes: &[Write]) -> Result<Vec<Timestamp>, CommitError> {
        self.firestore.commit(self.host, &self.trace, writes).await
    }

    /// Commits a change of one document that was read at `version`, with what belongs to it. Returns its new version.
    async fn commit_change(&self, version: Timestamp, writes: &[Write]) -> Result<Timestamp, CommitError> {
        Ok(self.commit(writes).await?.into_iter().next().unwrap_or(version))
    }
}

/// Creates the query of a list, the newest first: by time, and by id where times are equal. It reads one document more than
/// the page has.
fn newest_first(
    collection: &str,
    id: &str,
    after: Option<(Timestamp, String)>,
    limit: Limit,
) -> Result<Query, ValueError> {
    let query = Query::of(collection, limit.plus_one())
        .order_by("createdAt", Direction::Descending)
        .order_by(id, Direction::Descending);
    let Some((created_at, last)) = after else { return Ok(query) };
    Ok(query.start_after(vec![("createdAt", to_value(&created_at)?), (id, Value::from(last))]))
}

fn to_value(value: &impl Serialize) -> Result<Value, ValueError> {
    serde_json::to_value(value).map_err(|_| ValueError::from("a key cannot be written"))
}

fn values<T>(documents: Vec<Versioned<T>>) -> Vec<T> {
    documents.into_iter().map(|document| document.value).collect()
}

#[cfg(test)]
mod tests {
    use kernel::OrderId;

    use crate::domain::cart::{Cart, tests};
    use crate::domain::order::Order;
    use crate::domain::order_event::OrderEvent;

    use super::*;

    #[track_caller]
    fn check<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(value: &T) {
        let fields = firestore::value::to_fields(value).unwrap();
        assert_eq!(&firestore::value::from_fields::<T>(fields).unwrap(), value);
    }

    #[test]
    fn a_stored_value_is_read_back() {
        let mut cart: Cart = tests::cart();
        tests::add(&mut cart, 1, 2, &tests::quote(1, 129_999, 10)).unwrap();
        check(&cart);
        let order = Order::tombstone(OrderId::of_cart("c", 1), Timestamp::default());
        check(&order);
        check(&OrderEvent::new(&order));
    }
}
