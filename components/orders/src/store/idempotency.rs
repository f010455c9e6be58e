//! `idempotency/{hash of user, route and key}`

use firestore::{CommitError, Error, Versioned, Write};
use kernel::Timestamp;

use super::Documents;
use crate::Host;
use crate::domain::idempotency::{CheckoutKey, IdempotencyRecord};

/// The record of a key that is written with an order.
#[derive(Debug)]
pub(crate) struct RecordWrite<'w> {
    pub(crate) key: &'w CheckoutKey,
    pub(crate) record: IdempotencyRecord,
    /// The version of the expired record that it replaces, if that is not removed yet.
    pub(crate) replaces: Option<Timestamp>,
}

/// Returns the record of a key, even if it is expired.
pub(crate) async fn find<H: Host>(
    documents: &Documents<'_, H>,
    key: Option<&CheckoutKey>,
) -> Result<Option<Versioned<IdempotencyRecord>>, Error> {
    let Some(key) = key else { return Ok(None) };
    documents.get(&path(key)).await
}

/// Stores the record of a key for an order that was placed without it.
pub(crate) async fn create<H: Host>(
    documents: &Documents<'_, H>,
    key: &CheckoutKey,
    record: &IdempotencyRecord,
) -> Result<(), CommitError> {
    documents.commit(&[Write::create(path(key), record)?]).await.map(|_| ())
}

pub(super) fn write(record: &RecordWrite<'_>) -> Result<Write, firestore::value::ValueError> {
    Ok(Write::set(path(record.key), &record.record)?.unchanged_since(record.replaces))
}

fn path(key: &CheckoutKey) -> String {
    format!("idempotency/{}", key.document_id)
}
