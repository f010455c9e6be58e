use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use kernel::hmac_sha256;
use serde::Serialize;
use serde::de::DeserializeOwned;
use subtle::ConstantTimeEq as _;

/// The length of a MAC in bytes: 128 bits of HMAC-SHA256.
const MAC: usize = 16;

/// The longest cursor that is read.
const MAX_BYTES: usize = 1024;

/// Signs and verifies cursors. A cursor holds the sort key of the last item of a page, after which the next page begins.
///
/// Seeking by key costs the same on every page, and an insert does not shift the pages. A cursor is opaque to the client.
/// Its MAC covers the key, the name of the list, and the list's scope: its filters and its sort order. A cursor is
/// therefore valid for the same query only, and its key needs no further validation.
#[derive(Clone)]
pub struct Cursors([u8; 32]);

impl Cursors {
    /// Derives the key of the MAC from the secret of the service.
    #[must_use]
    pub fn new(secret: &str) -> Self {
        Self(hmac_sha256(secret.as_bytes(), &[b"cartwheel cursor key"]))
    }

    /// Returns the cursor of this sort key.
    ///
    /// # Errors
    /// Fails if the key or the scope cannot be written as JSON.
    pub fn sign(
        &self,
        list: &str,
        scope: &(impl Serialize + ?Sized),
        key: &(impl Serialize + ?Sized),
    ) -> Result<String, serde_json::Error> {
        let key = serde_json::to_vec(key)?;
        let mut bytes = self.mac(list, &serde_json::to_vec(scope)?, &key).to_vec();
        bytes.extend_from_slice(&key);
        Ok(BASE64_URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Returns the sort key in a cursor of this list and scope. Returns `None` for any other text.
    #[must_use]
    pub fn verify<K: DeserializeOwned>(
        &self,
        list: &str,
        scope: &(impl Serialize + ?Sized),
        cursor: &str,
    ) -> Option<K> {
        if cursor.len() > MAX_BYTES {
            return None;
        }
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let (mac, key) = bytes.split_first_chunk::<MAC>()?;
        let is_valid = self.mac(list, &serde_json::to_vec(scope).ok()?, key).ct_eq(mac);
        bool::from(is_valid).then(|| serde_json::from_slice(key).ok())?
    }

    /// The parts are separated by NUL, which neither the name of a list nor JSON contains.
    fn mac(&self, list: &str, scope: &[u8], key: &[u8]) -> [u8; MAC] {
        let mac = hmac_sha256(&self.0, &[list.as_bytes(), b"\0", scope, b"\0", key]);
        mac.first_chunk().copied().unwrap_or_default()
    }
}

impl std::fmt::Debug for Cursors {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Cursors(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Key = (String, i64);

    #[test]
    fn a_cursor_is_verified_and_any_other_text_is_rejected() {
        let cursors = Cursors::new("secret");
        let text = cursors.sign("list", "", &("name", 7)).unwrap();
        let verify = |text: &str| cursors.verify::<Key>("list", "", text);
        assert_eq!(verify(&text), Some(("name".to_owned(), 7)));
        assert_eq!(cursors.verify::<i64>("list", "", &text), None);
        assert_eq!(Cursors::new("another").verify::<Key>("list", "", &text), None);
        for position in 0..text.len() {
            let mut changed = text.clone().into_bytes();
            changed[position] = if changed[position] == b'A' { b'B' } else { b'A' };
            assert_eq!(verify(&String::from_utf8(changed).unwrap()), None, "{position}");
        }
        for text in ["", "!", "e30", "WyJuYW1lIiw3XQ", &"A".repeat(2000)] {
            assert_eq!(verify(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_cursor_is_valid_for_its_list_its_filters_and_its_sort_only() {
        let cursors = Cursors::new("secret");
        let text = cursors.sign("products", &("price", Some("shoes")), &("name", 7)).unwrap();
        let verify =
            |list: &str, scope: (&str, Option<&str>)| cursors.verify::<Key>(list, &scope, &text).is_some();
        assert!(verify("products", ("price", Some("shoes"))));
        assert!(!verify("reviews", ("price", Some("shoes"))));
        assert!(!verify("products", ("name", Some("shoes"))));
        assert!(!verify("products", ("price", None)));
    }

    #[test]
    fn the_json_of_a_statement_is_signed_as_it_is() {
        let cursors = Cursors::new("secret");
        let key = serde_json::value::RawValue::from_string(r#"["name", 7]"#.to_owned()).unwrap();
        let text = cursors.sign("list", &7, &key).unwrap();
        assert_eq!(cursors.verify::<Key>("list", &7, &text), Some(("name".to_owned(), 7)));
    }
}
