//! Passwords: argon2id with OWASP's parameters, and types that cannot leak.

use argon2::password_hash::phc::PasswordHash as Phc;
use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version};

/// The fewest characters of a password (NIST SP 800-63B 5.1.1.2).
pub const MIN_CHARACTERS: usize = 8;

/// The most characters: enough for any passphrase, too few to make hashing a burden.
pub const MAX_CHARACTERS: usize = 256;

/// The hash of a password that nobody has, at the current parameters: verified when there is no account, so that an unknown
/// address takes as long as a wrong password.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5LWhhcy1pdA$HXl2E5vZGJt7l4QqmEj5HNYOq4N3iLKPBWjs2S9Vn9w";

/// The passwords that are tried first, in lower case.
const COMMON: &str = include_str!("common_passwords.txt");

/// A password as a person typed it: any Unicode, never changed or cut. It neither serialises nor shows itself.
pub struct Password(String);

/// What is kept of a password: a PHC string with its parameters and salt.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

/// Why a password cannot be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Fewer than [`MIN_CHARACTERS`] or more than [`MAX_CHARACTERS`].
    #[error("must have 8 to 256 characters")]
    WrongLength,
    /// Among the first that an attacker tries.
    #[error("is one of the most common passwords; choose another one")]
    TooCommon,
}

/// Hashing failed: a defect of ours, with a message for the log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("argon2: {0}")]
pub struct HashingFailed(String);

impl Password {
    /// A password for an account that is being made.
    ///
    /// # Errors
    /// [`PasswordError`]
    pub fn choose(raw: &str) -> Result<Self, PasswordError> {
        if !(MIN_CHARACTERS..=MAX_CHARACTERS).contains(&raw.chars().count()) {
            return Err(PasswordError::WrongLength);
        }
        let lower = raw.to_lowercase();
        if COMMON.lines().any(|common| common == lower) {
            return Err(PasswordError::TooCommon);
        }
        Ok(Self(raw.to_owned()))
    }

    /// A password that is to be compared. Only its length is limited, before anything costly is done with it.
    ///
    /// # Errors
    /// [`PasswordError::WrongLength`]
    pub fn present(raw: &str) -> Result<Self, PasswordError> {
        if raw.chars().count() > MAX_CHARACTERS {
            return Err(PasswordError::WrongLength);
        }
        Ok(Self(raw.to_owned()))
    }

    /// The hash to keep, with this salt. Takes 65 to 85 ms in the sandbox, during which the instance does nothing else.
    ///
    /// # Errors
    /// [`HashingFailed`]
    pub fn hash(&self, salt: [u8; 16]) -> Result<PasswordHash, HashingFailed> {
        let hash = argon2().hash_password_with_salt(self.0.as_bytes(), &salt);
        hash.map(|phc| PasswordHash(phc.to_string())).map_err(|error| HashingFailed(error.to_string()))
    }

    /// Whether this is the password behind `hash`. Without a hash it takes as long and is not.
    #[must_use]
    pub fn matches(&self, hash: Option<&PasswordHash>) -> bool {
        let kept = hash.map_or(NOBODY, |hash| hash.0.as_str());
        let is_match =
            Phc::new(kept).is_ok_and(|phc| argon2().verify_password(self.0.as_bytes(), &phc).is_ok());
        is_match && hash.is_some()
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password(..)")
    }
}

impl PasswordHash {
    /// A hash that the database kept.
    #[must_use]
    pub fn kept(phc: String) -> Self {
        Self(phc)
    }

    /// The PHC string, for the database.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PasswordHash(..)")
    }
}

/// argon2id with 19 MiB, two passes and one lane: OWASP's minimum for password storage.
fn argon2() -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choose(raw: &str) -> Result<(), PasswordError> {
        Password::choose(raw).map(|_| ())
    }

    #[test]
    fn a_password_has_8_to_256_characters_of_any_kind() {
        for raw in ["verylong", "pass phrase", "пароль-дня", "🎡🎡🎡🎡🎡🎡🎡🎡", &"x".repeat(256)]
        {
            assert_eq!(choose(raw), Ok(()), "{raw}");
        }
        for raw in ["", "sevensv", "🎡🎡🎡🎡🎡🎡🎡", &"x".repeat(257)] {
            assert_eq!(choose(raw), Err(PasswordError::WrongLength), "{raw}");
        }
    }

    #[test]
    fn common_passwords_are_refused_in_any_case() {
        for raw in ["password", "PassWord1", "12345678", "qwertyuiop", "iloveyou"] {
            assert_eq!(choose(raw), Err(PasswordError::TooCommon), "{raw}");
        }
    }

    #[test]
    fn only_the_whole_password_matches_its_hash() {
        let password = Password::choose(&format!("{}a", "x".repeat(80))).unwrap();
        let hash = password.hash([7; 16]).unwrap();
        assert!(hash.expose().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(password.matches(Some(&hash)));
        assert!(!Password::present(&format!("{}b", "x".repeat(80))).unwrap().matches(Some(&hash)));
        assert_ne!(password.hash([8; 16]).unwrap(), hash);
    }

    #[test]
    fn nobodys_hash_can_be_verified_and_matches_nothing() {
        assert!(Phc::new(NOBODY).is_ok_and(|phc| phc.hash.is_some()));
        assert!(!Password::present("anything").unwrap().matches(None));
    }
}
