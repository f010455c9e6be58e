//! Queries of one collection: equality filters, sort order, start and limit.

use serde_json::{Value, json};

use crate::value::encode;

/// A query. Each sort order needs a composite index that begins with the filtered fields; see
/// `infra/firestore.indexes.json`.
#[derive(Debug, Clone)]
pub struct Query {
    collection: String,
    filters: Vec<Value>,
    order: Vec<Value>,
    start_after: Vec<Value>,
    limit: i64,
}

/// The direction of a sort order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// The smallest value first.
    Ascending,
    /// The largest value first.
    Descending,
}

impl Query {
    /// Selects the documents of a collection, at most `limit`.
    pub fn of(collection: impl Into<String>, limit: i64) -> Self {
        Self { collection: collection.into(), filters: vec![], order: vec![], start_after: vec![], limit }
    }

    /// Selects only documents whose field has this value.
    #[must_use]
    pub fn equal(mut self, field: &str, value: Value) -> Self {
        // Only a fraction cannot be encoded, and no field holds one.
        let value = encode(field, value).unwrap_or(Value::Null);
        self.filters.push(
            json!({ "fieldFilter": { "field": { "fieldPath": field }, "op": "EQUAL", "value": value } }),
        );
        self
    }

    /// Sorts by this field, after the fields of earlier calls.
    #[must_use]
    pub fn order_by(mut self, field: &str, direction: Direction) -> Self {
        let direction = match direction {
            Direction::Ascending => "ASCENDING",
            Direction::Descending => "DESCENDING",
        };
        self.order.push(json!({ "field": { "fieldPath": field }, "direction": direction }));
        self
    }

    /// Starts after the document with these values of the sorted fields, as `(field, value)`.
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
                let filter = json!({ "compositeFilter": { "op": "AND", "filters": self.filters } });
                query.insert("where".to_owned(), filter);
            }
            if !self.start_after.is_empty() {
                query.insert("startAt".to_owned(), json!({ "values": self.start_after, "before": false }));
            }
        }
        json!({ "structuredQuery": query })
    }
}
