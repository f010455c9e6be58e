//! Idempotency keys: their scope, their lifetime, and which requests are the same.
//!
//! The rules are those of the IETF draft (draft-ietf-httpapi-idempotency-key-header) and of Stripe: a key belongs to one user
//! and one route, identifies one body, and is remembered for a day. Only a placed order is remembered: a rejected request may
//! be sent again with the same key.

use kernel::hex;
use kernel::{OrderId, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::checkout_options::CheckoutOptions;
use super::limits::{IDEMPOTENCY_LIFETIME, MAX_IDEMPOTENCY_KEY_LENGTH};

/// The key that a client has chosen for its request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey(String);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to 255 visible ASCII characters")]
pub struct InvalidIdempotencyKey;

/// The scope of a client's key for a checkout, and the hash of its request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckoutKey {
    /// The id of the document: a hash of the user, the route and the client's key.
    pub document_id: String,
    fingerprint: String,
}

/// The order that was placed with a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IdempotencyRecord {
    pub order_id: OrderId,
    pub fingerprint: String,
    /// From then on Firestore's TTL policy removes the document.
    pub expires_at: Timestamp,
}

impl IdempotencyKey {
    /// Parses a key, with or without the quotes of a structured field.
    ///
    /// # Errors
    /// [`InvalidIdempotencyKey`] for an empty or too long key.
    pub fn parse(text: &str) -> Result<Self, InvalidIdempotencyKey> {
        let key = text.trim().trim_matches('"');
        let is_valid = (1..=MAX_IDEMPOTENCY_KEY_LENGTH).contains(&key.len());
        if is_valid { Ok(Self(key.to_owned())) } else { Err(InvalidIdempotencyKey) }
    }

    /// Returns the id of a change of a cart: the same for a repeated request, another one for another change.
    #[must_use]
    pub fn change_id(&self, change: &str) -> String {
        hash(&[change.as_bytes(), self.0.as_bytes()]).chars().take(32).collect()
    }
}

impl CheckoutKey {
    /// Returns the key of a checkout; `None` if the client has sent none.
    ///
    /// # Errors
    /// Never in practice: the options can always be written as JSON.
    pub fn new(user: UserId, options: &CheckoutOptions) -> Result<Option<Self>, serde_json::Error> {
        let Some(IdempotencyKey(key)) = &options.idempotency_key else { return Ok(None) };
        let body = serde_json::to_string(options)?;
        let document_id = hash(&[user.to_string().as_bytes(), b"POST /orders", key.as_bytes()]);
        Ok(Some(Self { document_id, fingerprint: hash(&[body.as_bytes()]) }))
    }

    #[must_use]
    pub fn record(&self, order_id: &OrderId, now: Timestamp) -> IdempotencyRecord {
        let expires_at = now.checked_add(IDEMPOTENCY_LIFETIME).unwrap_or(now);
        IdempotencyRecord { order_id: order_id.clone(), fingerprint: self.fingerprint.clone(), expires_at }
    }

    /// Returns whether the record was written for the same request body.
    #[must_use]
    pub fn matches(&self, record: &IdempotencyRecord) -> bool {
        self.fingerprint == record.fingerprint
    }
}

fn hash(parts: &[&[u8]]) -> String {
    let digest = parts.iter().fold(Sha256::new(), |digest, part| digest.chain_update(part).chain_update([0]));
    hex(&digest.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checkout_key(key: &str, user: i64, notes: &str) -> CheckoutKey {
        let idempotency_key = Some(IdempotencyKey::parse(key).unwrap());
        let options =
            CheckoutOptions { idempotency_key, notes: Some(notes.to_owned()), ..Default::default() };
        CheckoutKey::new(UserId::try_from(user).unwrap(), &options).unwrap().unwrap()
    }

    #[test]
    fn a_key_is_valid_for_one_user_and_one_body() {
        let first = checkout_key("abc", 1, "a");
        assert_eq!(first, checkout_key("\"abc\"", 1, "a"));
        assert_ne!(first.document_id, checkout_key("abc", 2, "a").document_id);
        let record = first.record(&OrderId::of_cart("c", 1), Timestamp::default());
        assert!(first.matches(&record));
        let other = checkout_key("abc", 1, "b");
        assert!(other.document_id == first.document_id && !other.matches(&record));
    }

    #[test]
    fn a_key_is_optional_but_not_empty() {
        let user = UserId::try_from(1).unwrap();
        assert_eq!(CheckoutKey::new(user, &CheckoutOptions::default()).unwrap(), None);
        for text in ["", " ", "\"\"", &"x".repeat(256)] {
            assert_eq!(IdempotencyKey::parse(text), Err(InvalidIdempotencyKey), "{text:?}");
        }
    }

    /// Documents of earlier releases are found under these ids.
    #[test]
    fn the_hashes_of_a_key_never_change() {
        let key = checkout_key("abc", 1, "a");
        assert_eq!(key.document_id, hash(&[b"1", b"POST /orders", b"abc"]));
        assert_eq!(key.fingerprint, hash(&[br#"{"notes":"a"}"#]));
    }

    #[test]
    fn a_repeated_change_has_the_same_id() {
        let key = IdempotencyKey::parse("k").unwrap();
        assert_eq!(key.change_id("add p1 1"), key.change_id("add p1 1"));
        assert_ne!(key.change_id("add p1 1"), key.change_id("add p1 2"));
    }
}
