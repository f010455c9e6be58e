use kernel::{Email, SessionId, Timestamp, UserId};
use serde::{Deserialize, Serialize};

/// The role of a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// May shop.
    Customer,
    /// May shop and manage the shop.
    Admin,
}

impl Role {
    /// Returns the name of the role in the database and in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Admin => "admin",
        }
    }
}

/// An authenticated caller: the users service has confirmed the token and its session for this request.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Principal {
    /// The id of the user.
    #[serde(rename = "userId")]
    pub user: UserId,
    /// The role in the database, which the role in the token need not equal.
    pub role: Role,
    /// The session of the token.
    #[serde(rename = "sessionId")]
    pub session: SessionId,
    /// The expiry of the token.
    pub expires_at: Timestamp,
    /// The full name of the user.
    pub full_name: String,
    /// The e-mail address of the user.
    #[serde(deserialize_with = "email")]
    pub email: Email,
}

fn email<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Email, D::Error> {
    let text = String::deserialize(deserializer)?;
    Email::parse(&text).map_err(serde::de::Error::custom)
}
