//! What an admin sees and changes.

use capability::db::like_literal;
use identity::Role;
use kernel::{Timestamp, UserId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use web::fields::{self, Fault};
use web::{Fields, Problem};

use crate::domain::account::Account;

/// An account as an admin sees it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AdministeredAccount {
    id: UserId,
    email: String,
    email_verified: bool,
    full_name: String,
    role: Role,
    disabled: bool,
    disabled_at: Option<Timestamp>,
    created_at: Timestamp,
}

impl From<Account> for AdministeredAccount {
    fn from(account: Account) -> Self {
        Self {
            id: account.id,
            email: account.email,
            email_verified: account.email_verified,
            full_name: account.full_name,
            role: account.role,
            disabled: account.disabled_at.is_some(),
            disabled_at: account.disabled_at,
            created_at: account.created_at,
        }
    }
}

/// What an admin wants to be different; `None` stays as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Administration {
    /// What the account's owner may do.
    pub role: Option<Role>,
    /// Whether nobody can log in to it.
    pub disabled: Option<bool>,
}

impl Administration {
    /// Reads a change.
    ///
    /// # Errors
    /// 422 with every wrong field.
    pub fn read(mut body: Fields) -> Result<Self, Problem> {
        let role = body.optional("role", role);
        let disabled = body.optional("disabled", fields::boolean);
        body.finish(|| Some(Self { role: role?, disabled: disabled? }))
    }
}

fn role(value: &Value) -> Result<Role, Fault> {
    match fields::text(value)? {
        "customer" => Ok(Role::Customer),
        "admin" => Ok(Role::Admin),
        _ => Err(Fault::new("invalid", "must be customer or admin")),
    }
}

/// An entry of the audit log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditEntry {
    /// Its id.
    pub id: i64,
    /// What happened.
    pub action: String,
    /// To what, from where, by whom.
    pub metadata: Value,
    /// When.
    pub created_at: Timestamp,
}

/// The LIKE pattern that finds a text anywhere.
#[must_use]
pub fn pattern(text: &str) -> String {
    format!("%{}%", like_literal(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_searched_for_is_text_and_not_a_pattern() {
        assert_eq!(pattern("ada"), "%ada%");
        assert_eq!(pattern(r"50%_\"), r"%50\%\_\\%");
    }
}
