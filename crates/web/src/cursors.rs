use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::Sha256;

/// How long a MAC is, in bytes: 128 bits of HMAC-SHA256.
const MAC: usize = 16;

/// The longest cursor that is read.
const MAX_BYTES: usize = 1024;

/// Makes and reads cursors: where a list goes on, which is the sort key of the last item that the client has.
///
/// Seeking costs the same on page 900 as on page 1, and an insert does not shift the pages. A cursor is opaque to the
/// client, and signed: what comes back is what was given out, so nothing in it has to be checked again.
pub struct Cursors([u8; 32]);

impl Cursors {
    /// Cursors of a service with this secret.
    #[must_use]
    pub fn new(secret: &str) -> Self {
        Self(mac(secret.as_bytes(), b"cartwheel cursor key"))
    }

    /// The cursor of this sort key. `None` only if the key cannot be written as JSON.
    #[must_use]
    pub fn of(&self, key: &impl Serialize) -> Option<String> {
        let json = serde_json::to_vec(key).ok()?;
        let mut bytes = self.sign(&json);
        bytes.extend_from_slice(&json);
        Some(BASE64_URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Where a page goes on, if there is a next one.
    #[must_use]
    pub fn next(&self, key: Option<impl Serialize>) -> Option<String> {
        key.and_then(|key| self.of(&key))
    }

    /// The sort key in a cursor that came from a client. `None` if it is not one of ours, or of another list.
    #[must_use]
    pub fn parse<K: DeserializeOwned>(&self, text: &str) -> Option<K> {
        if text.len() > MAX_BYTES {
            return None;
        }
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
        let (signature, json) = bytes.split_first_chunk::<MAC>()?;
        let is_ours = subtle::ConstantTimeEq::ct_eq(&self.sign(json)[..], &signature[..]);
        bool::from(is_ours).then(|| serde_json::from_slice(json).ok())?
    }

    fn sign(&self, json: &[u8]) -> Vec<u8> {
        mac(&self.0, json).into_iter().take(MAC).collect()
    }
}

impl std::fmt::Debug for Cursors {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Cursors(..)")
    }
}

fn mac(key: &[u8], message: &[u8]) -> [u8; 32] {
    #[expect(clippy::expect_used, reason = "an HMAC key may have any length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any key length");
    mac.update(message);
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_back_and_nothing_else_is() {
        let cursors = Cursors::new("secret");
        let text = cursors.of(&("name", 7)).unwrap();
        assert_eq!(cursors.parse::<(String, i64)>(&text), Some(("name".to_owned(), 7)));
        assert_eq!(cursors.parse::<i64>(&text), None);
        assert_eq!(Cursors::new("another").parse::<(String, i64)>(&text), None);
        for position in 0..text.len() {
            let mut changed = text.clone().into_bytes();
            changed[position] = if changed[position] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(cursors.parse::<(String, i64)>(&changed), None, "{position}");
        }
        for text in ["", "!", "e30", "WyJuYW1lIiw3XQ", &"A".repeat(2000)] {
            assert_eq!(cursors.parse::<(String, i64)>(text), None, "{text:?}");
        }
    }
}
