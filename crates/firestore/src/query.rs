//! Queries of one collection: equality filters, an order, where to go on, how many.

use serde_json::{Value, json};

use crate::value::encode;

/// A query. Each order needs a composite index with the filtered fields in front of it; see `infra/firestore.indexes.json`.
#[derive(Debug, Clone)]
pub struct Query {
    collection: String,
    filters: Vec<Value>,
    order: Vec<Value>,
    start_after: Vec<Value>,
    limit: i64,
}

/// Which end comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// The smallest first.
    Ascending,
    /// The largest first.
    Descending,
}

impl Query {
    /// The documents of a collection, at most `limit`.
    pub fn of(collection: impl Into<String>, limit: i64) -> Self {
        Self { collection: collection.into(), filters: vec![], order: vec![], start_after: vec![], limit }
    }

    /// Only those whose field has this value.
    #[must_use]
    pub fn equal(mut self, field: &str, value: Value) -> Self {
        // Only a fraction cannot be encoded, and no field holds one.
        let value = encode(field, value).unwrap_or(Value::Null);
        self.filters.push(
            json!({ "fieldFilter": { "field": { "fieldPath": field }, "op": "EQUAL", "value": value } }),
        );
        self
    }

    /// In the order of this field; of several, the first counts most.
    #[must_use]
    pub fn order_by(mut self, field: &str, direction: Direction) -> Self {
        let direction = match direction {
            Direction::Ascending => "ASCENDING",
            Direction::Descending => "DESCENDING",
        };
        self.order.push(json!({ "field": { "fieldPath": field }, "direction": direction }));
        self
    }

    /// Only those behind the one with these values of the ordered fields, as `(field, value)`.
    #[must_use]
    pub fn start_after(mut self, key: Vec<(&str, Value)>) -> Self {
        self.start_after =
            key.into_iter().map(|(field, value)| encode(field, value).unwrap_or(Value::Null)).collect();
        self
    }

    pub(crate) fn to_json(&self) -> Value {
        let mut query = json!({
            "from": [{ "collectionId": self.collection }],
            "orderBy": self.order,
            "limit": self.limit,
        });
        if let Value::Object(query) = &mut query {
            if !self.filters.is_empty() {
                let all = json!({ "compositeFilter": { "op": "AND", "filters": self.filters } });
                query.insert("where".to_owned(), all);
            }
            if !self.start_after.is_empty() {
                query.insert("startAt".to_owned(), json!({ "values": self.start_after, "before": false }));
            }
        }
        json!({ "structuredQuery": query })
    }
}
