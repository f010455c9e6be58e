//! `Idempotency-Key`: what a key is good for, and what makes two requests the same.

use http::HeaderMap;
use kernel::UserId;
use sha2::{Digest as _, Sha256};
use web::Problem;

use crate::place_order::PlaceOrder;

/// The id of the key's document: the client's key, for this user and this route only.
pub(crate) fn document_id(headers: &HeaderMap, user: UserId) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    let key = value.to_str().map(|key| key.trim().trim_matches('"')).unwrap_or_default();
    if !(1..=255).contains(&key.len()) {
        let detail = "must be 1 to 255 visible ASCII characters";
        return Err(Problem::invalid_parameter("Idempotency-Key", detail));
    }
    Ok(Some(hex(&[user.to_string().as_bytes(), b"POST /orders", key.as_bytes()])))
}

/// Two requests with one fingerprint ask for the same thing.
pub(crate) fn fingerprint(wanted: &PlaceOrder) -> String {
    hex(&[format!("{wanted:?}").as_bytes()])
}

fn hex(parts: &[&[u8]]) -> String {
    let digest = parts.iter().fold(Sha256::new(), |digest, part| digest.chain_update(part).chain_update([0]));
    digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn a_key_is_good_for_one_user_only() {
        let headers = |key: &'static str| {
            HeaderMap::from_iter([("idempotency-key".parse().unwrap(), HeaderValue::from_static(key))])
        };
        let user = |id| UserId::try_from(id).unwrap();
        let key = |key, id| document_id(&headers(key), user(id)).unwrap().unwrap();
        assert_eq!(key("abc", 1), key("\"abc\"", 1));
        assert_ne!(key("abc", 1), key("abc", 2));
        assert_eq!(document_id(&HeaderMap::new(), user(1)).unwrap(), None);
        assert!(document_id(&headers(""), user(1)).is_err());
    }
}
