//! Refresh tokens that are derived, not stored.
//!
//! A token is the session, how often it was rotated, a random part, and a MAC over these. The database keeps a hash of the
//! random part and the count, so neither a copy of the database nor a copy of the key is enough to make one, and a client
//! whose answer got lost can be given the very same successor again.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use kernel::SessionId;
use sha2::{Digest as _, Sha256};

use crate::{SigningKey, keys::SigningKeys};

const SESSION: usize = 8;
const ROTATION: usize = 8;
const RANDOM: usize = 16;
const SIGNED: usize = SESSION + ROTATION + RANDOM;
const MAC: usize = 32;

/// A refresh token whose MAC was right. Whether its rotation is the current one, only the database knows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RefreshToken {
    session: SessionId,
    rotation: i64,
    random: [u8; RANDOM],
}

/// Not a token of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the refresh token is not valid; log in again")]
pub struct InvalidRefreshToken;

impl RefreshToken {
    /// The token of this session after so many rotations.
    #[must_use]
    pub fn new(session: SessionId, rotation: i64, random: [u8; 16]) -> Self {
        Self { session, rotation, random }
    }

    /// Reads a token that one of the keys made, and checks its MAC in constant time.
    ///
    /// # Errors
    /// [`InvalidRefreshToken`]
    pub fn parse(text: &str, keys: &SigningKeys) -> Result<Self, InvalidRefreshToken> {
        let bytes = BASE64_URL_SAFE_NO_PAD
            .decode(text.get(..128).unwrap_or(text))
            .map_err(|_| InvalidRefreshToken)?;
        let (signed, presented) = bytes.split_at_checked(SIGNED).ok_or(InvalidRefreshToken)?;
        let is_ours = |key: &SigningKey| mac(key, signed).verify_slice(presented).is_ok();
        if !keys.all().any(is_ours) {
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

    /// The token as the client gets it.
    #[must_use]
    pub fn encode(&self, keys: &SigningKeys) -> String {
        let mut bytes = Vec::with_capacity(SIGNED.saturating_add(MAC));
        bytes.extend_from_slice(&self.session.get().to_be_bytes());
        bytes.extend_from_slice(&self.rotation.to_be_bytes());
        bytes.extend_from_slice(&self.random);
        let tag = mac(&keys.current, &bytes).finalize().into_bytes();
        bytes.extend_from_slice(&tag);
        BASE64_URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The session it belongs to.
    #[must_use]
    pub fn session(&self) -> SessionId {
        self.session
    }

    /// How often the session's token had been rotated when this one was made.
    #[must_use]
    pub fn rotation(&self) -> i64 {
        self.rotation
    }

    /// The token that belongs to `rotation` of the same session.
    #[must_use]
    pub fn at_rotation(self, rotation: i64) -> Self {
        Self { rotation, ..self }
    }

    /// What the database keeps of it.
    #[must_use]
    pub fn hash(&self) -> String {
        Self::hash_of(&self.random)
    }

    /// What the database keeps of the tokens with this random part, before their session has an id.
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

#[expect(clippy::expect_used, reason = "an HMAC key may have any length")]
fn mac(key: &SigningKey, signed: &[u8]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.refresh_key()).expect("any key length");
    mac.update(signed);
    mac
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
    fn a_token_is_read_back_and_its_successor_is_always_the_same() {
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
    fn a_changed_token_or_one_of_another_key_is_refused() {
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
    fn a_token_of_the_key_before_is_accepted_and_its_successor_is_of_the_current_one() {
        let rotated = SigningKeys { current: signing_key(2), retired: Some(signing_key(1)) };
        let old = RefreshToken::parse(&token().encode(&key(1)), &rotated).unwrap();
        let successor = old.at_rotation(4).encode(&rotated);
        assert!(RefreshToken::parse(&successor, &key(2)).is_ok());
        assert_eq!(RefreshToken::parse(&successor, &key(1)), Err(InvalidRefreshToken));
    }

    #[test]
    fn a_token_does_not_show_itself_in_a_log() {
        assert_eq!(format!("{:?}", token()), "RefreshToken(session 7, ..)");
    }
}
