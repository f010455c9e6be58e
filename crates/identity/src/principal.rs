use kernel::{Email, SessionId, Timestamp, UserId};
use serde::{Deserialize, Serialize};

/// What a user may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// May shop.
    Customer,
    /// May also manage the shop.
    Admin,
}

impl Role {
    /// As the database has it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Admin => "admin",
        }
    }
}

/// A caller whose token and session were checked by the users service just now.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Principal {
    /// Who it is.
    #[serde(rename = "userId")]
    pub user: UserId,
    /// What they may do, as the database has it, whatever the token says.
    pub role: Role,
    /// The login that the token belongs to.
    #[serde(rename = "sessionId")]
    pub session: SessionId,
    /// When the token ends.
    pub expires_at: Timestamp,
    /// What they are called.
    pub full_name: String,
    /// Their address.
    #[serde(deserialize_with = "email")]
    pub email: Email,
}

fn email<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Email, D::Error> {
    let text = String::deserialize(deserializer)?;
    Email::parse(&text).map_err(serde::de::Error::custom)
}
