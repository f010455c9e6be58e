//! Messages to people: what is said, who carries it, and how the carrier knows that it is us.

use hmac::{Hmac, KeyInit as _, Mac as _};
use identity::keys::SigningKeys;
use identity::one_time::{OneTimeToken, Purpose};
use kernel::{Timestamp, UserId};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

/// How often a message is tried before it is given up: with the pauses between them, for about two hours.
pub const MAX_ATTEMPTS: i64 = 8;

/// Who carries the messages.
#[derive(Clone, PartialEq, Eq)]
pub enum Receiver {
    /// Nobody: they wait in the outbox.
    Nobody,
    /// The log of a developer's own shop.
    Log,
    /// Somebody who is posted signed JSON.
    Webhook {
        /// Where.
        url: String,
        /// What it is signed with: two while one replaces the other.
        secrets: Vec<String>,
    },
}

impl Receiver {
    /// The receiver in the answer of the delivery.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Nobody => "nobody",
            Self::Log => "log",
            Self::Webhook { .. } => "webhook",
        }
    }
}

impl std::fmt::Debug for Receiver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Receiver({})", self.name())
    }
}

/// A message that was taken from the outbox.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Claimed {
    /// Its place in the outbox.
    pub id: i64,
    /// How often it was taken, this time included.
    pub attempts: i64,
    event_id: String,
    kind: Kind,
    created_at: Timestamp,
    user_id: UserId,
    email: String,
    full_name: String,
    token_salt: Option<String>,
    token_hash: Option<String>,
    expires_at: Option<Timestamp>,
}

/// What a message is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Carries a token that proves the address.
    EmailVerification,
    /// Carries a token that sets a new password.
    PasswordReset,
    /// Tells an owner what may not have been them.
    PasswordChanged,
}

/// A message as its carrier gets it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// The same however often it is sent.
    pub event_id: String,
    kind: Kind,
    user_id: UserId,
    email: String,
    full_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Timestamp>,
    created_at: Timestamp,
}

/// Personal data and secrets do not belong in logs.
impl std::fmt::Debug for Claimed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Claimed({}, {:?}, ..)", self.id, self.kind)
    }
}

impl std::fmt::Debug for Message {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Message({}, {:?}, ..)", self.event_id, self.kind)
    }
}

impl Claimed {
    /// The message, with its token. `None` if there is nothing to say any more: the token was redeemed, replaced by a newer
    /// one, or has expired.
    #[must_use]
    pub fn message(self, keys: &SigningKeys) -> Option<Message> {
        let purpose = match self.kind {
            Kind::EmailVerification => Some(Purpose::EmailVerification),
            Kind::PasswordReset => Some(Purpose::PasswordReset),
            Kind::PasswordChanged => None,
        };
        let token = match purpose {
            None => None,
            Some(purpose) => Some(OneTimeToken::recall(keys, purpose, &self.token_salt?, &self.token_hash?)?),
        };
        Some(Message {
            event_id: self.event_id,
            kind: self.kind,
            user_id: self.user_id,
            email: self.email,
            full_name: self.full_name,
            token: token.map(|token| token.expose().to_owned()),
            expires_at: self.expires_at,
            created_at: self.created_at,
        })
    }
}

/// The header that proves where a message comes from: HMAC-SHA256 over `timestamp.body`, once for each secret.
#[must_use]
pub fn signature(secrets: &[String], timestamp: i64, body: &[u8]) -> String {
    let sign = |secret: &String| {
        #[expect(clippy::expect_used, reason = "an HMAC key may have any length")]
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any key length");
        mac.update(timestamp.to_string().as_bytes());
        mac.update(b".");
        mac.update(body);
        let tag = mac.finalize().into_bytes();
        let hex: String = tag.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("v1={hex}")
    };
    secrets.iter().map(sign).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_signed_once_for_each_secret() {
        // printf '1700000000.{}' | openssl dgst -sha256 -hmac one
        let one = "v1=4d15bf3ea0a52170f550b594e8e29052cb85827caad0da7695dbbffb71a5643e";
        let secrets = ["one".to_owned(), "two".to_owned()];
        let signed = signature(&secrets, 1_700_000_000, b"{}");
        assert!(signed.starts_with(one), "{signed}");
        assert_eq!(signed.split(',').count(), 2);
        assert_ne!(signature(&secrets, 1_700_000_001, b"{}"), signed);
    }
}
