//! What admins read and change.

use identity::Role;
use kernel::fields::{self, FieldFault, Fields, InvalidFields};
use kernel::{Timestamp, like_literal};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A change of an account by an admin; `None` leaves the value unchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountUpdate {
    pub role: Option<Role>,
    pub disabled: Option<bool>,
}

impl AccountUpdate {
    pub fn read(mut body: Fields) -> Result<Self, InvalidFields> {
        let role = body.optional("role", role);
        let disabled = body.optional("disabled", fields::boolean);
        body.finish(|| Some(Self { role: role?, disabled: disabled? }))
    }
}

fn role(value: &Value) -> Result<Role, FieldFault> {
    match fields::text(value)? {
        "customer" => Ok(Role::Customer),
        "admin" => Ok(Role::Admin),
        _ => Err(FieldFault::new("invalid", "must be customer or admin")),
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditEntry {
    pub id: i64,
    pub action: String,
    /// Names the object, the client's address or the admin, depending on the action.
    pub metadata: Value,
    pub created_at: Timestamp,
}

/// Returns the LIKE pattern that matches texts which contain `text`.
#[must_use]
pub fn search_pattern(text: &str) -> String {
    format!("%{}%", like_literal(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_is_for_text_and_not_for_a_pattern() {
        assert_eq!(search_pattern("ada"), "%ada%");
        assert_eq!(search_pattern(r"50%_\"), r"%50\%\_\\%");
    }
}
