//! Messages to account owners.

use identity::keys::SigningKeys;
use identity::one_time::{OneTimeToken, Purpose};
use kernel::{Timestamp, UserId};
use serde::{Deserialize, Serialize};

/// A message that this instance has claimed from the outbox.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClaimedNotification {
    pub id: i64,
    /// How often the message was claimed, including this time.
    pub attempts: i64,
    event_id: String,
    kind: NotificationKind,
    created_at: Timestamp,
    user_id: UserId,
    email: String,
    full_name: String,
    token_salt: Option<String>,
    token_hash: Option<String>,
    expires_at: Option<Timestamp>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NotificationKind {
    /// Carries a token that verifies the e-mail address.
    EmailVerification,
    /// Carries a token that sets a new password.
    PasswordReset,
    /// Informs the owner, who may not have made the change.
    PasswordChanged,
}

impl NotificationKind {
    /// Returns the purpose of the token that a message of this kind carries.
    fn token_purpose(self) -> Option<Purpose> {
        match self {
            Self::EmailVerification => Some(Purpose::EmailVerification),
            Self::PasswordReset => Some(Purpose::PasswordReset),
            Self::PasswordChanged => None,
        }
    }
}

/// A message as the receiver gets it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// The same in every delivery of the message.
    pub event_id: String,
    kind: NotificationKind,
    user_id: UserId,
    email: String,
    full_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Timestamp>,
    created_at: Timestamp,
}

/// What the database stores of a one-time token that a message carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailedToken {
    /// The token is derived from the salt and the signing key.
    pub salt: String,
    pub hash: String,
}

impl MailedToken {
    #[must_use]
    pub fn new(keys: &SigningKeys, purpose: Purpose, salt: [u8; 16]) -> Self {
        let hash = OneTimeToken::new(keys, purpose, &salt).hash();
        Self { salt: OneTimeToken::salt_text(&salt), hash }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryOutcome {
    Delivered,
    /// Another attempt follows.
    Failed,
    /// No further attempt follows.
    Abandoned,
}

impl DeliveryOutcome {
    /// Returns the value in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::Abandoned => "abandoned",
        }
    }
}

// Personal data and secrets must not appear in logs.
impl std::fmt::Debug for ClaimedNotification {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ClaimedNotification({}, {:?}, ..)", self.id, self.kind)
    }
}

impl std::fmt::Debug for Message {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Message({}, {:?}, ..)", self.event_id, self.kind)
    }
}

impl ClaimedNotification {
    /// Returns the message with its token, `None` if the token was redeemed, replaced by a newer one, or has expired.
    #[must_use]
    pub fn message(self, keys: &SigningKeys) -> Option<Message> {
        let token = match self.kind.token_purpose() {
            None => None,
            Some(purpose) => {
                Some(OneTimeToken::rederive(keys, purpose, &self.token_salt?, &self.token_hash?)?)
            }
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
