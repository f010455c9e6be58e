//! E-mail addresses, normalised when they are parsed.

use serde::Serialize;

/// The longest accepted address in bytes (RFC 5321 4.5.3.1.3 without the angle brackets).
pub const MAX_BYTES: usize = 254;

/// An e-mail address in its normal form, trimmed and in lower case. Two spellings of one address are equal.
#[derive(Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Email(String);

impl Email {
    /// Parses and normalises an address.
    ///
    /// The check covers the form that every deliverable address has; only a message to it proves that it is deliverable.
    pub fn parse(raw: &str) -> Result<Self, EmailError> {
        let address = raw.trim().to_lowercase();
        if address.len() > MAX_BYTES {
            return Err(EmailError::TooLong);
        }
        if address.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err(EmailError::ForbiddenCharacter);
        }
        let (local, domain) = address.rsplit_once('@').ok_or(EmailError::MissingAt)?;
        if local.is_empty() || local.len() > 64 || local.contains('@') {
            return Err(EmailError::BadLocalPart);
        }
        let is_label = |label: &str| !label.is_empty() && !label.starts_with('-') && !label.ends_with('-');
        if !domain.contains('.') || !domain.split('.').all(is_label) {
            return Err(EmailError::BadDomain);
        }
        Ok(Self(address))
    }

    /// Returns the address in its normal form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Shows only the domain: logs hold no personal data.
impl std::fmt::Debug for Email {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let domain = self.0.rsplit_once('@').map_or("", |(_, domain)| domain);
        write!(f, "Email(..@{domain})")
    }
}

/// Why an address is rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EmailError {
    /// It is longer than [`MAX_BYTES`].
    #[error("must be at most 254 bytes long")]
    TooLong,
    /// It contains white space or a control character.
    #[error("must not contain white space or control characters")]
    ForbiddenCharacter,
    /// It contains no `@`.
    #[error("must contain an @")]
    MissingAt,
    /// The part before the `@` is empty, too long or contains another `@`.
    #[error("must have 1 to 64 characters before a single @")]
    BadLocalPart,
    /// The part after the `@` is not a domain name.
    #[error("must end in a domain name such as example.com")]
    BadDomain,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_spellings_of_one_address_are_equal() {
        assert_eq!(Email::parse("  Ada.Lovelace@Example.COM "), Email::parse("ada.lovelace@example.com"));
    }

    #[test]
    fn an_invalid_address_is_rejected_with_its_reason() {
        let check = |raw: &str, error| assert_eq!(Email::parse(raw), Err(error), "{raw:?}");
        check("", EmailError::MissingAt);
        check("ada", EmailError::MissingAt);
        check("@example.com", EmailError::BadLocalPart);
        check("a@b@example.com", EmailError::BadLocalPart);
        check("ada@localhost", EmailError::BadDomain);
        check("ada@.com", EmailError::BadDomain);
        check("ada@-x.com", EmailError::BadDomain);
        check("a da@example.com", EmailError::ForbiddenCharacter);
        check("ada@exam\r\nple.com", EmailError::ForbiddenCharacter);
        check(&format!("{}@example.com", "a".repeat(300)), EmailError::TooLong);
    }

    #[test]
    fn an_address_is_not_logged() {
        let email = Email::parse("ada@example.com").unwrap();
        assert_eq!(format!("{email:?}"), "Email(..@example.com)");
    }
}
