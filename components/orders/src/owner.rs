//! Whose a cart is: a user's, or whoever holds its token.

use kernel::UserId;
use sha2::{Digest as _, Sha256};

/// How many characters a token has: 256 bits in hexadecimal.
const TOKEN_LENGTH: usize = 64;

/// Whose a cart is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    /// Somebody with an account.
    User(UserId),
    /// Somebody without one.
    Guest(CartToken),
}

/// What a guest shows to get at the cart. Who has it has the cart, so it is not shown in logs and is kept only as a hash.
#[derive(Clone, PartialEq, Eq)]
pub struct CartToken(String);

impl Owner {
    /// The id of the cart's document.
    #[must_use]
    pub fn cart_id(&self) -> String {
        match self {
            Self::User(user) => format!("user-{user}"),
            Self::Guest(token) => format!("guest-{}", hex(&Sha256::digest(token.0.as_bytes()))),
        }
    }
}

impl CartToken {
    /// A token that nobody can guess.
    #[must_use]
    pub fn new(random: [u8; 32]) -> Self {
        Self(hex(&random))
    }

    /// Reads a token; `None` for what cannot be one of ours.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_token =
            text.len() == TOKEN_LENGTH && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        is_token.then(|| Self(text.to_owned()))
    }

    /// The token, for its owner.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for CartToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CartToken(..)")
    }
}

/// Hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_opens_its_own_cart_and_is_nowhere_to_be_read() {
        let token = CartToken::new([171; 32]);
        assert_eq!(CartToken::parse(token.expose()), Some(token.clone()));
        let id = Owner::Guest(token.clone()).cart_id();
        assert_ne!(id, Owner::Guest(CartToken::new([172; 32])).cart_id());
        assert!(!id.contains(token.expose()) && !format!("{token:?}").contains("ab"), "{id}");
        for text in ["", "ab", &"x".repeat(64), &"A".repeat(64), &"a".repeat(65)] {
            assert_eq!(CartToken::parse(text), None, "{text}");
        }
    }
}
