//! Passwords: the rules for new ones, and types that are never logged.

/// The minimum length of a password in characters (NIST SP 800-63B 5.1.1.2).
pub const MIN_CHARACTERS: usize = 8;

/// The maximum length of a password in characters: long enough for a passphrase, short enough to hash.
pub const MAX_CHARACTERS: usize = 256;

/// The most common passwords, one a line, in lower case.
const COMMON: &str = include_str!("common_passwords.txt");

/// A password as it was typed: any Unicode, neither normalised nor truncated. It has no serialised and no `Debug` form.
pub struct Password(String);

/// A password's hash, a PHC string with its parameters and salt.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

/// Why a new password is rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Fewer than [`MIN_CHARACTERS`] or more than [`MAX_CHARACTERS`].
    #[error("must have 8 to 256 characters")]
    WrongLength,
    /// Among the most common passwords, which an attacker tries first.
    #[error("is one of the most common passwords; choose another one")]
    TooCommon,
}

impl Password {
    /// Creates a new password for an account.
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

    /// Creates a password that will be compared with a stored hash. Only its length is limited, since hashing is costly.
    pub fn present(raw: &str) -> Result<Self, PasswordError> {
        if raw.chars().count() > MAX_CHARACTERS {
            return Err(PasswordError::WrongLength);
        }
        Ok(Self(raw.to_owned()))
    }

    /// Returns the password for hashing.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password(..)")
    }
}

impl PasswordHash {
    /// Creates a hash from the database's column.
    #[must_use]
    pub fn from_stored(phc: String) -> Self {
        Self(phc)
    }

    /// Returns the PHC string, for the database.
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
    fn common_passwords_are_rejected_in_any_case() {
        for raw in ["password", "PassWord1", "12345678", "qwertyuiop", "iloveyou"] {
            assert_eq!(choose(raw), Err(PasswordError::TooCommon), "{raw}");
        }
    }
}
