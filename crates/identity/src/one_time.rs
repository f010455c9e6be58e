//! One-time tokens: mailed to verify an address or to reset a password.
//!
//! A token is a MAC over its purpose and a random salt. The database stores the salt, from which the token is derived again
//! for the message, and a hash of the token, with which it is redeemed. A copy of the database therefore redeems nothing,
//! and the outbox holds no secret.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use kernel::hmac_sha256;
use sha2::{Digest as _, Sha256};

use crate::SigningKey;
use crate::keys::SigningKeys;

/// The lifetime of a one-time token in seconds: 30 minutes.
pub const ONE_TIME_TOKEN_LIFETIME_S: i64 = 30 * 60;

/// The purpose of a token, which is not accepted for another purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Verifies that the account's owner receives mail at its address.
    EmailVerification,
    /// Sets a new password.
    PasswordReset,
}

impl Purpose {
    /// Returns the name of the purpose in the database and in messages.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::EmailVerification => "email-verification",
            Self::PasswordReset => "password-reset",
        }
    }
}

/// A token that only the account's owner receives. Its `Debug` form omits the value.
#[derive(Clone, PartialEq, Eq)]
pub struct OneTimeToken(String);

impl OneTimeToken {
    /// Derives the token of this salt with the current key.
    #[must_use]
    pub fn new(keys: &SigningKeys, purpose: Purpose, salt: &[u8; 16]) -> Self {
        Self::derive(&keys.current, purpose, &Self::salt_text(salt))
    }

    /// Derives the token of a stored salt again. Returns `None` unless one of the keys yields the stored hash.
    #[must_use]
    pub fn rederive(keys: &SigningKeys, purpose: Purpose, salt: &str, hash: &str) -> Option<Self> {
        keys.all().map(|key| Self::derive(key, purpose, salt)).find(|token| token.hash() == hash)
    }

    fn derive(key: &SigningKey, purpose: Purpose, salt: &str) -> Self {
        let parts = [purpose.as_str().as_bytes(), b".", salt.as_bytes()];
        Self(BASE64_URL_SAFE_NO_PAD.encode(hmac_sha256(key.one_time_key(), &parts)))
    }

    /// Returns the stored form of a salt.
    #[must_use]
    pub fn salt_text(salt: &[u8; 16]) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(salt)
    }

    /// Returns the stored hash of this token.
    #[must_use]
    pub fn hash(&self) -> String {
        Self::hash_of(&self.0)
    }

    /// Returns the hash of a presented text, which need not be a token: an unknown hash is rejected by the database.
    #[must_use]
    pub fn hash_of(presented: &str) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(presented))
    }

    /// Returns the token, for the message to its owner.
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
    fn a_token_is_rederived_from_its_stored_salt_and_hash_also_after_a_key_rotation() {
        let keys = SigningKeys { current: key(1), retired: None };
        let token = OneTimeToken::new(&keys, Purpose::PasswordReset, &[7; 16]);
        let (salt, hash) = (OneTimeToken::salt_text(&[7; 16]), token.hash());
        let rotated = SigningKeys { current: key(2), retired: Some(key(1)) };
        for keys in [&keys, &rotated] {
            let rederived = OneTimeToken::rederive(keys, Purpose::PasswordReset, &salt, &hash);
            assert_eq!(rederived.as_ref(), Some(&token));
            assert_eq!(OneTimeToken::rederive(keys, Purpose::EmailVerification, &salt, &hash), None);
        }
        let foreign = SigningKeys { current: key(3), retired: None };
        assert_eq!(OneTimeToken::rederive(&foreign, Purpose::PasswordReset, &salt, &hash), None);
        assert_eq!(OneTimeToken::hash_of(token.expose()), hash);
        assert_eq!(format!("{token:?}"), "OneTimeToken(..)");
    }
}
