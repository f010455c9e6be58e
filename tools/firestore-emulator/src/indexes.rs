//! Checks that an index supports a query: Firestore rejects other queries.

use anyhow::Context as _;
use serde::Deserialize;

use crate::status::Status;

/// The composite indexes of a database, in the format of `firebase deploy`.
#[derive(Debug, Deserialize)]
pub struct Indexes {
    indexes: Vec<Index>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Index {
    collection_group: String,
    fields: Vec<IndexField>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct IndexField {
    field_path: String,
    order: String,
}

impl Indexes {
    /// Parses `firestore.indexes.json`.
    ///
    /// # Errors
    /// If the text has another format.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        serde_json::from_str(text).context("not a definition of indexes")
    }

    /// Rejects a query with these equality filters and this order (field, whether descending) if no index supports it.
    /// A single field needs no composite index: Firestore indexes every field.
    pub(crate) fn check(
        &self,
        collection: &str,
        equal: &[&str],
        order: &[(&str, bool)],
    ) -> Result<(), Status> {
        let is_simple = equal.len().saturating_add(order.len()) <= 1 || order.is_empty();
        if is_simple || self.indexes.iter().any(|index| index.serves(collection, equal, order)) {
            return Ok(());
        }
        let message = format!("The query requires an index: {collection} by {equal:?}, ordered by {order:?}");
        Err(Status::new("FAILED_PRECONDITION", message))
    }
}

impl Index {
    /// Returns whether the index starts with the fields of the equality filters, in any order, and continues with the order.
    fn serves(&self, collection: &str, equal: &[&str], order: &[(&str, bool)]) -> bool {
        let Some((first, rest)) = self.fields.split_at_checked(equal.len()) else { return false };
        let is_filtered = equal.iter().all(|name| first.iter().any(|field| field.field_path == *name));
        let ordered = rest.iter().map(|field| (field.field_path.as_str(), field.order == "DESCENDING"));
        self.collection_group == collection && is_filtered && ordered.eq(order.iter().copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_without_its_index_is_rejected() {
        let indexes = Indexes::parse(
            r#"{"indexes":[{"collectionGroup":"orders","fields":[
                {"fieldPath":"userId","order":"ASCENDING"},{"fieldPath":"status","order":"ASCENDING"},
                {"fieldPath":"createdAt","order":"DESCENDING"}]}]}"#,
        )
        .unwrap();
        let check = |equal: &[&str], order: &[(&str, bool)]| indexes.check("orders", equal, order).is_ok();
        let newest = ("createdAt", true);
        assert!(check(&["status", "userId"], &[newest]));
        assert!(check(&[], &[newest]), "every field has an index of its own");
        assert!(check(&["userId", "status"], &[]), "equal fields alone are merged");
        assert!(!check(&["userId"], &[newest]));
        assert!(!check(&["userId", "status"], &[("createdAt", false)]));
        assert!(!check(&["userId", "status"], &[newest, ("orderId", true)]));
        assert!(indexes.check("carts", &["userId", "status"], &[newest]).is_err());
    }
}
