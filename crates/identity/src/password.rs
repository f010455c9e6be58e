//! Passwords: which ones can be chosen, and types that cannot leak.

/// The fewest characters of a password (NIST SP 800-63B 5.1.1.2).
pub const MIN_CHARACTERS: usize = 8;

/// The most characters: enough for any passphrase, too few to make hashing a burden.
pub const MAX_CHARACTERS: usize = 256;

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
}

impl Password {
    /// For the hasher alone.
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
}
