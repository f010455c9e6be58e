//! Accounts.

use identity::{PasswordHash, Role};
use kernel::fields::{self, Fields, InvalidFields};
use kernel::{Email, Timestamp, UserId};
use serde::{Deserialize, Serialize};

use crate::domain::limits::MAX_FULL_NAME_CHARACTERS;

/// An account as the database returns it. Its JSON is for its owner, who does not see the skipped fields.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Account {
    pub id: UserId,
    /// Normalized.
    pub email: String,
    pub email_verified: bool,
    pub full_name: String,
    pub role: Role,
    pub created_at: Timestamp,
    /// Set while an admin disables logins.
    #[serde(skip_serializing)]
    pub disabled_at: Option<Timestamp>,
    /// Incremented by each change; the ETag.
    #[serde(skip_serializing)]
    pub version: i64,
}

/// An account that is not stored yet.
#[derive(Debug)]
pub struct NewAccount {
    pub email: Email,
    pub full_name: String,
    pub password_hash: PasswordHash,
}

/// Reads a body whose only field is the new name.
pub fn read_full_name(mut body: Fields) -> Result<String, InvalidFields> {
    let full_name = body.required("fullName", fields::line(MAX_FULL_NAME_CHARACTERS));
    body.finish(|| full_name)
}
