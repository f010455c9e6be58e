//! The fields of a product, a variant or a category that a request writes.

use serde::Serialize;
use serde_json::{Map, Value, json};

/// The validated fields that a request sets, under the names that the database functions read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Changes(Map<String, Value>);

impl Changes {
    /// Collects the fields that have a value.
    pub(super) fn from_fields<const N: usize>(fields: [(&str, Option<Value>); N]) -> Self {
        let present = fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        Self(present.collect())
    }

    /// Adds the fields that have a value.
    pub(super) fn with<const N: usize>(mut self, fields: [(&str, Option<Value>); N]) -> Self {
        self.0.extend(Self::from_fields(fields).0);
        self
    }

    /// Returns the change that archives a product.
    #[must_use]
    pub fn archived() -> Self {
        Self::from_fields([("status", Some(json!("archived")))])
    }

    /// Returns the SKU, if it is one of the fields.
    #[must_use]
    pub fn sku(&self) -> Option<&str> {
        self.0.get("sku").and_then(Value::as_str)
    }

    /// Returns the fields as a JSON object.
    #[must_use]
    pub fn to_json(&self) -> String {
        Value::Object(self.0.clone()).to_string()
    }

    #[cfg(test)]
    pub(super) fn into_value(self) -> Value {
        Value::Object(self.0)
    }
}

/// Converts an optional field to JSON.
pub(super) fn value(field: Option<impl Serialize>) -> Option<Value> {
    field.map(|field| json!(field))
}
