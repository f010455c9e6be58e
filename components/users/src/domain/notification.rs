//! Messages to people: what is said.

use identity::keys::SigningKeys;
use identity::one_time::{OneTimeToken, Purpose};
use kernel::{Timestamp, UserId};
use serde::{Deserialize, Serialize};

/// How often a message is tried before it is given up: with the pauses between them, for about two hours.
pub const MAX_ATTEMPTS: i64 = 8;

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
