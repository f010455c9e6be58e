//! Refresh tokens, which are derived and not stored.
//!
//! A token holds its session, its rotation number, a random part, and a MAC over these. The database stores the rotation
//! and a hash of the random part. A copy of the database or of the key alone is therefore not enough to forge a token, and a
//! client that did not receive the response to a rotation can be given the same successor again.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use kernel::{SessionId, hmac_sha256};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::{SigningKey, keys::SigningKeys};

const SESSION: usize = 8;
const ROTATION: usize = 8;
const RANDOM: usize = 16;
const SIGNED: usize = SESSION + ROTATION + RANDOM;
const MAC: usize = 32;

/// A refresh token with a valid MAC. The database knows whether its rotation is the current one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RefreshToken {
    session: SessionId,
    rotation: i64,
    random: [u8; RANDOM],
}

/// The text is not a refresh token of this shop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the refresh token is not valid; log in again")]
pub struct InvalidRefreshToken;

impl RefreshToken {
    /// Creates the token of a session at this rotation.
    #[must_use]
    pub fn new(session: SessionId, rotation: i64, random: [u8; 16]) -> Self {
        Self { session, rotation, random }
    }

    /// Parses a token that one of the keys has signed. Compares MACs in constant time.
    pub fn parse(text: &str, keys: &SigningKeys) -> Result<Self, InvalidRefreshToken> {
        let bytes = BASE64_URL_SAFE_NO_PAD
            .decode(text.get(..128).unwrap_or(text))
            .map_err(|_| InvalidRefreshToken)?;
        let (signed, presented) = bytes.split_at_checked(SIGNED).ok_or(InvalidRefreshToken)?;
        let is_signer = |key: &SigningKey| bool::from(mac(key, signed)[..].ct_eq(presented));
        if !keys.all().any(is_signer) {
            return Err(InvalidRefreshToken);
        }
        Self::from_signed(signed).ok_or(InvalidRefreshToken)
    }

    fn from_signed(signed: &[u8]) -> Option<Self> {
        let (session, rest) = signed.split_first_chunk::<SESSION>()?;
        let (rotation, random) = rest.split_first_chunk::<ROTATION>()?;
        Some(Self {
            session: SessionId::try_from(i64::from_be_bytes(*session)).ok()?,
            rotation: i64::from_be_bytes(*rotation),
            random: random.try_into().ok()?,
        })
    }

    /// Returns the token in its text form, signed with the current key.
    #[must_use]
    pub fn encode(&self, keys: &SigningKeys) -> String {
        let mut bytes = Vec::with_capacity(SIGNED.saturating_add(MAC));
        bytes.extend_from_slice(&self.session.get().to_be_bytes());
        bytes.extend_from_slice(&self.rotation.to_be_bytes());
        bytes.extend_from_slice(&self.random);
        let tag = mac(&keys.current, &bytes);
        bytes.extend_from_slice(&tag);
        BASE64_URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Returns the session of the token.
    #[must_use]
    pub fn session(&self) -> SessionId {
        self.session
    }

    /// Returns the rotation of the token: the number of its predecessors in the session.
    #[must_use]
    pub fn rotation(&self) -> i64 {
        self.rotation
    }

    /// Returns the token of the same session at another rotation.
    #[must_use]
    pub fn at_rotation(self, rotation: i64) -> Self {
        Self { rotation, ..self }
    }

    /// Returns the stored hash of the token.
    #[must_use]
    pub fn hash(&self) -> String {
        Self::hash_of(&self.random)
    }

    /// Returns the stored hash of the tokens with this random part, for a session that has no id yet.
    #[must_use]
    pub fn hash_of(random: &[u8; 16]) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(random))
    }
}

impl std::fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RefreshToken(session {}, ..)", self.session)
    }
}

fn mac(key: &SigningKey, signed: &[u8]) -> [u8; MAC] {
    hmac_sha256(key.refresh_key(), &[signed])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signing_key(seed: u8) -> SigningKey {
        SigningKey::parse(&format!("k:{}", BASE64_URL_SAFE_NO_PAD.encode([seed; 32]))).unwrap()
    }

    fn key(seed: u8) -> SigningKeys {
        SigningKeys { current: signing_key(seed), retired: None }
    }

    fn token() -> RefreshToken {
        RefreshToken::new(SessionId::try_from(7).unwrap(), 3, [9; 16])
    }

    #[test]
    fn a_token_survives_its_text_form_and_its_successor_is_always_the_same() {
        let text = token().encode(&key(1));
        assert_eq!(RefreshToken::parse(&text, &key(1)), Ok(token()));
        let successor = token().at_rotation(4);
        assert_eq!(
            successor.encode(&key(1)),
            RefreshToken::parse(&text, &key(1)).unwrap().at_rotation(4).encode(&key(1))
        );
        assert_ne!(successor.encode(&key(1)), text);
    }

    #[test]
    fn a_changed_token_or_one_of_another_key_is_rejected() {
        let text = token().encode(&key(1));
        assert_eq!(RefreshToken::parse(&text, &key(2)), Err(InvalidRefreshToken));
        for position in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[position] ^= 1;
            if let Ok(changed) = String::from_utf8(bytes) {
                assert_eq!(RefreshToken::parse(&changed, &key(1)), Err(InvalidRefreshToken), "{position}");
            }
        }
        for garbage in ["", "AAAA", &"A".repeat(10_000), &text[1..], &format!("{text}A")] {
            assert_eq!(RefreshToken::parse(garbage, &key(1)), Err(InvalidRefreshToken));
        }
    }

    #[test]
    fn a_token_of_the_retired_key_is_accepted_and_its_successor_has_the_current_key() {
        let rotated = SigningKeys { current: signing_key(2), retired: Some(signing_key(1)) };
        let old = RefreshToken::parse(&token().encode(&key(1)), &rotated).unwrap();
        let successor = old.at_rotation(4).encode(&rotated);
        assert!(RefreshToken::parse(&successor, &key(2)).is_ok());
        assert_eq!(RefreshToken::parse(&successor, &key(1)), Err(InvalidRefreshToken));
    }

    #[test]
    fn a_token_is_not_logged() {
        assert_eq!(format!("{:?}", token()), "RefreshToken(session 7, ..)");
    }
}
