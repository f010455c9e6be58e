//! Accounts: what a person tells of themselves, and what the shop tells of them.

use identity::{Password, PasswordHash, Role};
use kernel::{Email, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use web::fields::{self, Fault};
use web::{Fields, Problem};

/// The longest full name, in characters.
pub const MAX_NAME_CHARACTERS: usize = 200;

/// A person who wants an account.
#[derive(Debug)]
pub struct Registration {
    /// Where they can be reached.
    pub email: Email,
    /// What only they know.
    pub password: Password,
    /// What they are called.
    pub full_name: String,
}

/// A person who says that an account is theirs.
#[derive(Debug)]
pub struct Login {
    /// The account's address. `None` if it cannot be one: then there is no such account.
    pub email: Option<Email>,
    /// Its password, perhaps.
    pub password: Password,
}

/// An account as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Account {
    /// Its id.
    pub id: UserId,
    /// The address, normalised.
    pub email: String,
    /// The name.
    pub full_name: String,
    /// What its owner may do.
    pub role: Role,
    /// Since when it exists.
    pub created_at: Timestamp,
}

/// What the store knows of an account that somebody wants to log in to.
#[derive(Debug)]
pub struct Credentials {
    /// Whose they are.
    pub user: UserId,
    /// The hash of the right password.
    pub password_hash: PasswordHash,
    /// Whether an admin disabled the account.
    pub is_disabled: bool,
}

impl Registration {
    /// Reads a registration.
    ///
    /// # Errors
    /// 422 with every wrong field.
    pub fn read(mut body: Fields) -> Result<Self, Problem> {
        let email = body.required("email", |value| {
            Email::parse(fields::text(value)?).map_err(|error| Fault::new("invalid", error))
        });
        let password = body.required("password", chosen_password);
        let full_name = body.required("fullName", fields::line(MAX_NAME_CHARACTERS));
        body.finish(|| Some(Self { email: email?, password: password?, full_name: full_name? }))
    }
}

impl Login {
    /// Reads a login.
    ///
    /// # Errors
    /// 422 for a missing or unknown field or one that is not a string. An address or a password that nobody can have is read,
    /// and refused like any other wrong one.
    pub fn read(mut body: Fields) -> Result<Self, Problem> {
        let email = body.required("email", |value| Ok(Email::parse(fields::text(value)?).ok()));
        let password = body.required("password", |value| {
            Password::present(fields::text(value)?).map_err(|error| Fault::new("wrong-length", error))
        });
        body.finish(|| Some(Self { email: email?, password: password? }))
    }
}

fn chosen_password(value: &Value) -> Result<Password, Fault> {
    use identity::password::PasswordError;
    Password::choose(fields::text(value)?).map_err(|error| match error {
        PasswordError::WrongLength => Fault::new("wrong-length", error),
        PasswordError::TooCommon => Fault::new("password-too-common", error),
    })
}
