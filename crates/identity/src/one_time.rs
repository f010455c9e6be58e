//! Tokens that are good once: what is mailed to prove an address or to reset a password.
//!
//! A token is a MAC over its purpose and a random salt. The database keeps the salt, to send the token, and a hash of the
//! token, to redeem it. So a copy of the database redeems nothing, and no secret waits in an outbox.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

use crate::SigningKey;
use crate::keys::SigningKeys;

/// How long a one-time token is good, in seconds: 30 minutes.
pub const LIFETIME_S: i64 = 30 * 60;

/// What a token is for. One of one purpose is worth nothing for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Proves that its owner reads the mail of an address.
    EmailVerification,
    /// Sets a new password.
    PasswordReset,
}

impl Purpose {
    /// As the database and the messages have it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::EmailVerification => "email-verification",
            Self::PasswordReset => "password-reset",
        }
    }
}

/// A token that goes to its owner and nowhere else. Does not show itself.
#[derive(Clone, PartialEq, Eq)]
pub struct OneTimeToken(String);

impl OneTimeToken {
    /// The token of this salt, made with the current key.
    #[must_use]
    pub fn new(keys: &SigningKeys, purpose: Purpose, salt: &[u8; 16]) -> Self {
        Self::derive(&keys.current, purpose, &Self::salt_text(salt))
    }

    /// The token that the database knows by its salt and hash, if one of the keys made it.
    #[must_use]
    pub fn recall(keys: &SigningKeys, purpose: Purpose, salt: &str, hash: &str) -> Option<Self> {
        keys.all().map(|key| Self::derive(key, purpose, salt)).find(|token| token.hash() == hash)
    }

    fn derive(key: &SigningKey, purpose: Purpose, salt: &str) -> Self {
        #[expect(clippy::expect_used, reason = "an HMAC key may have any length")]
        let mut mac = Hmac::<Sha256>::new_from_slice(key.one_time_key()).expect("any key length");
        mac.update(purpose.as_str().as_bytes());
        mac.update(b".");
        mac.update(salt.as_bytes());
        Self(BASE64_URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
    }

    /// The salt as the database keeps it.
    #[must_use]
    pub fn salt_text(salt: &[u8; 16]) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(salt)
    }

    /// What the database keeps of this token.
    #[must_use]
    pub fn hash(&self) -> String {
        Self::hash_of(&self.0)
    }

    /// What the database would have kept of what somebody presents. Whatever it is: a hash that is not there is refused.
    #[must_use]
    pub fn hash_of(presented: &str) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(presented))
    }

    /// The token as text, for the message that carries it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for OneTimeToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OneTimeToken(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(seed: u8) -> SigningKey {
        SigningKey::parse(&format!("k:{}", BASE64_URL_SAFE_NO_PAD.encode([seed; 32]))).unwrap()
    }

    #[test]
    fn a_token_is_recalled_from_what_the_database_keeps_also_after_a_rotation() {
        let keys = SigningKeys { current: key(1), retired: None };
        let token = OneTimeToken::new(&keys, Purpose::PasswordReset, &[7; 16]);
        let (salt, hash) = (OneTimeToken::salt_text(&[7; 16]), token.hash());
        let rotated = SigningKeys { current: key(2), retired: Some(key(1)) };
        for keys in [&keys, &rotated] {
            let recalled = OneTimeToken::recall(keys, Purpose::PasswordReset, &salt, &hash);
            assert_eq!(recalled.as_ref(), Some(&token));
            assert_eq!(OneTimeToken::recall(keys, Purpose::EmailVerification, &salt, &hash), None);
        }
        let foreign = SigningKeys { current: key(3), retired: None };
        assert_eq!(OneTimeToken::recall(&foreign, Purpose::PasswordReset, &salt, &hash), None);
        assert_eq!(OneTimeToken::hash_of(token.expose()), hash);
        assert_eq!(format!("{token:?}"), "OneTimeToken(..)");
    }
}
