//! Owners of carts: users, and guests who present a token.

use kernel::UserId;
use kernel::hex;
use sha2::{Digest as _, Sha256};

/// 256 bits in hexadecimal.
const TOKEN_LENGTH: usize = 64;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CartOwner {
    User(UserId),
    Guest(CartToken),
}

/// The secret that gives access to a guest's cart. It is not logged, and only its hash is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct CartToken(String);

impl CartOwner {
    /// Returns the id of the cart's document.
    #[must_use]
    pub fn cart_id(&self) -> String {
        match self {
            Self::User(user) => format!("user-{user}"),
            Self::Guest(token) => format!("guest-{}", hex(&Sha256::digest(token.0.as_bytes()))),
        }
    }

    #[must_use]
    pub fn guest_token(&self) -> Option<&CartToken> {
        match self {
            Self::User(_) => None,
            Self::Guest(token) => Some(token),
        }
    }
}

impl CartToken {
    #[must_use]
    pub fn new(random: [u8; 32]) -> Self {
        Self(hex(&random))
    }

    /// Parses a token; returns `None` for a text that this service cannot have issued.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_token =
            text.len() == TOKEN_LENGTH && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        is_token.then(|| Self(text.to_owned()))
    }

    /// Returns the secret itself, for its owner.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_identifies_one_cart_and_is_neither_stored_nor_printed() {
        let token = CartToken::new([171; 32]);
        assert_eq!(CartToken::parse(token.expose()), Some(token.clone()));
        let id = CartOwner::Guest(token.clone()).cart_id();
        assert_ne!(id, CartOwner::Guest(CartToken::new([172; 32])).cart_id());
        assert!(!id.contains(token.expose()) && !format!("{token:?}").contains("ab"), "{id}");
        for text in ["", "ab", &"x".repeat(64), &"A".repeat(64), &"a".repeat(65)] {
            assert_eq!(CartToken::parse(text), None, "{text}");
        }
    }
}
