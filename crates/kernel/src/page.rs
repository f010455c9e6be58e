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
}
