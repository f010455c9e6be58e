//! `Idempotency-Key`: what a key is good for, and what makes two requests the same.
//!
//! The rules are those of the IETF draft (draft-ietf-httpapi-idempotency-key-header) and of Stripe: a key belongs to one user
//! and one route, stands for one body, and is remembered for a day. Only an order that was placed is remembered: whatever
//! was refused may be tried again with the same key.

use std::time::Duration;

use http::HeaderMap;
use kernel::{OrderId, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use web::Problem;

use crate::owner::hex;
use crate::place_order::PlaceOrder;

/// How long a key is remembered.
const LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

/// What a client's key stood for, as it is kept.
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

/// A key as it came with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// The id of its document: the client's key, for this user and this route only.
    pub id: String,
    fingerprint: String,
}

impl Key {
    /// The key of a checkout, if it has one.
    ///
    /// # Errors
    /// 400
    pub fn of_checkout(
        headers: &HeaderMap,
        user: UserId,
        wanted: &PlaceOrder,
    ) -> Result<Option<Self>, Problem> {
        let Some(key) = sent(headers)? else { return Ok(None) };
        // What a field that was left out will mean tomorrow is not in it, so a repeat survives an update of ours.
        let body = serde_json::to_string(wanted).map_err(Problem::internal)?;
        let id = hash(&[user.to_string().as_bytes(), b"POST /orders", key.as_bytes()]);
        Ok(Some(Self { id, fingerprint: hash(&[body.as_bytes()]) }))
    }

    /// What it will stand for.
    #[must_use]
    pub fn record(&self, order_id: &OrderId, now: Timestamp) -> Idempotency {
        let expires_at = now.checked_add(LIFETIME).unwrap_or(now);
        Idempotency { order_id: order_id.clone(), fingerprint: self.fingerprint.clone(), expires_at }
    }

    /// Whether this request is the one that the record is of.
    #[must_use]
    pub fn is_of(&self, record: &Idempotency) -> bool {
        self.fingerprint == record.fingerprint
    }
}

/// The id of a change of a cart that came with a key: the same for a repeat, and another one for another change.
///
/// # Errors
/// 400
pub(crate) fn change_id(headers: &HeaderMap, change: &str) -> Result<Option<String>, Problem> {
    let id = |key: &str| hash(&[change.as_bytes(), key.as_bytes()]).chars().take(32).collect();
    Ok(sent(headers)?.map(id))
}

/// The key, with or without the quotes of a structured field.
fn sent(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    let key = value.to_str().map(|key| key.trim().trim_matches('"')).unwrap_or_default();
    if (1..=255).contains(&key.len()) {
        return Ok(Some(key));
    }
    Err(Problem::invalid_parameter("Idempotency-Key", "must be 1 to 255 visible ASCII characters"))
}

fn hash(parts: &[&[u8]]) -> String {
    let digest = parts.iter().fold(Sha256::new(), |digest, part| digest.chain_update(part).chain_update([0]));
    hex(&digest.finalize())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn headers(key: &'static str) -> HeaderMap {
        HeaderMap::from_iter([("idempotency-key".parse().unwrap(), HeaderValue::from_static(key))])
    }

    #[test]
    fn a_key_is_good_for_one_user_and_one_body() {
        let user = |id| UserId::try_from(id).unwrap();
        let notes = |notes: &str| PlaceOrder { notes: Some(notes.to_owned()), ..PlaceOrder::default() };
        let key = |key, id, wanted: &PlaceOrder| {
            Key::of_checkout(&headers(key), user(id), wanted).unwrap().unwrap()
        };
        let first = key("abc", 1, &notes("a"));
        assert_eq!(first, key("\"abc\"", 1, &notes("a")));
        assert_ne!(first.id, key("abc", 2, &notes("a")).id);
        let record = first.record(&OrderId::of_cart("c", 1), Timestamp::default());
        assert!(first.is_of(&record));
        let other = key("abc", 1, &notes("b"));
        assert!(other.id == first.id && !other.is_of(&record));
        let none = Key::of_checkout(&HeaderMap::new(), user(1), &PlaceOrder::default());
        assert_eq!(none.unwrap(), None);
        assert!(Key::of_checkout(&headers(""), user(1), &PlaceOrder::default()).is_err());
    }

    #[test]
    fn a_change_that_is_sent_again_with_its_key_has_the_same_id() {
        let id = |change| change_id(&headers("k"), change).unwrap();
        assert_eq!(id("add p1 1"), id("add p1 1"));
        assert_ne!(id("add p1 1"), id("add p1 2"));
        assert_eq!(change_id(&HeaderMap::new(), "add p1 1").unwrap(), None);
    }
}
