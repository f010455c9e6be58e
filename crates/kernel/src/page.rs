use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// How many items a page of a list has at most: 1 to 100, 20 if the client does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit(u8);

impl Limit {
    /// The largest page.
    pub const MAX: u8 = 100;

    /// The number of items.
    #[must_use]
    pub fn get(self) -> i64 {
        i64::from(self.0)
    }

    /// Reads the parameter `limit`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        text.parse().ok().filter(|limit| (1..=Self::MAX).contains(limit)).map(Self)
    }
}

impl Default for Limit {
    fn default() -> Self {
        Self(20)
    }
}

/// Where a list goes on: the sort key of the last item that the client has, opaque to it.
///
/// Seeking costs the same on page 900 as on page 1, and an insert does not shift the pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor(String);

impl Cursor {
    /// The longest cursor that is read.
    pub const MAX_BYTES: usize = 1024;

    /// The cursor of this sort key. `None` only if the key cannot be written as JSON.
    #[must_use]
    pub fn of(key: &impl Serialize) -> Option<Self> {
        serde_json::to_vec(key).ok().map(|json| Self(BASE64_URL_SAFE_NO_PAD.encode(json)))
    }

    /// The sort key in a cursor that came from a client. `None` if it is not one of ours.
    #[must_use]
    pub fn parse<K: DeserializeOwned>(text: &str) -> Option<K> {
        if text.len() > Self::MAX_BYTES {
            return None;
        }
        let json = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
        serde_json::from_slice(&json).ok()
    }

    /// The cursor as text.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_1_to_100() {
        for (text, limit) in [("1", 1), ("20", 20), ("100", 100)] {
            assert_eq!(Limit::parse(text).map(Limit::get), Some(limit));
        }
        for text in ["", "0", "101", "-1", "1.0", "abc", "99999999999"] {
            assert_eq!(Limit::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_cursor_is_read_back_and_nothing_else_is() {
        let text = Cursor::of(&("name", 7)).unwrap().into_string();
        assert_eq!(Cursor::parse::<(String, i64)>(&text), Some(("name".to_owned(), 7)));
        assert_eq!(Cursor::parse::<i64>(&text), None);
        for text in ["", "!", "e30", &"A".repeat(2000)] {
            assert_eq!(Cursor::parse::<(String, i64)>(text), None, "{text:?}");
        }
    }
}
