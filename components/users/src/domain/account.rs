//! Accounts: what a person tells of themselves, and what the shop tells of them.

use identity::{OneTimeToken, Password, PasswordHash, Role};
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

/// An account as the database has it, and as its owner sees it: what is skipped is not for them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Account {
    /// Its id.
    pub id: UserId,
    /// The address, normalised.
    pub email: String,
    /// Whether its owner has shown that they read its mail.
    pub email_verified: bool,
    /// The name.
    pub full_name: String,
    /// What its owner may do.
    pub role: Role,
    /// Since when it exists.
    pub created_at: Timestamp,
    /// Since when nobody can log in to it.
    #[serde(skip_serializing)]
    pub disabled_at: Option<Timestamp>,
    /// Counts its changes: the ETag.
    #[serde(skip_serializing)]
    pub version: i64,
}

/// What the store knows of an account whose password somebody shows.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Credentials {
    /// Whose they are.
    #[serde(rename = "userId")]
    pub user: UserId,
    /// The hash of the right password.
    #[serde(deserialize_with = "kept_hash")]
    pub password_hash: PasswordHash,
    /// Which password of the account it is: a change counts on, a new hash of the same one does not.
    pub password_version: i64,
    /// Whether an admin disabled the account.
    pub is_disabled: bool,
}

fn kept_hash<'de, D: serde::Deserializer<'de>>(value: D) -> Result<PasswordHash, D::Error> {
    String::deserialize(value).map(PasswordHash::kept)
}

/// Somebody who wants another password and shows the present one.
#[derive(Debug)]
pub struct PasswordChange {
    /// The present one, perhaps.
    pub current: Password,
    /// The next one.
    pub new: Password,
}

/// Somebody who cannot log in any more, and has a token that was mailed.
#[derive(Debug)]
pub struct PasswordReset {
    /// What the database knows the token by.
    pub token_hash: String,
    /// The next password.
    pub new: Password,
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
        let password = body.required("password", presented_password);
        body.finish(|| Some(Self { email: email?, password: password? }))
    }
}

impl PasswordChange {
    /// Reads a change of the password.
    ///
    /// # Errors
    /// 422 with every wrong field.
    pub fn read(mut body: Fields) -> Result<Self, Problem> {
        let current = body.required("currentPassword", presented_password);
        let new = body.required("newPassword", chosen_password);
        body.finish(|| Some(Self { current: current?, new: new? }))
    }
}

impl PasswordReset {
    /// Reads a token with a new password.
    ///
    /// # Errors
    /// 422 with every wrong field.
    pub fn read(mut body: Fields) -> Result<Self, Problem> {
        let token_hash = body.required("token", token_hash);
        let new = body.required("newPassword", chosen_password);
        body.finish(|| Some(Self { token_hash: token_hash?, new: new? }))
    }
}

/// Reads a body with one field: the password that the account has.
///
/// # Errors
/// 422
pub fn read_password(mut body: Fields) -> Result<Password, Problem> {
    let password = body.required("password", presented_password);
    body.finish(|| password)
}

/// Reads a body with one field: the new name.
///
/// # Errors
/// 422
pub fn read_full_name(mut body: Fields) -> Result<String, Problem> {
    let full_name = body.required("fullName", fields::line(MAX_NAME_CHARACTERS));
    body.finish(|| full_name)
}

/// Reads a body with one field: an address, `None` if nobody can have it.
///
/// # Errors
/// 422
pub fn read_email(mut body: Fields) -> Result<Option<Email>, Problem> {
    let email = body.required("email", |value| Ok(Email::parse(fields::text(value)?).ok()));
    body.finish(|| email)
}

/// Reads a body with one field: a one-time token. Returns what the database knows it by.
///
/// # Errors
/// 422
pub fn read_token(mut body: Fields) -> Result<String, Problem> {
    let hash = body.required("token", token_hash);
    body.finish(|| hash)
}

fn token_hash(value: &Value) -> Result<String, Fault> {
    fields::text(value).map(OneTimeToken::hash_of)
}

fn presented_password(value: &Value) -> Result<Password, Fault> {
    Password::present(fields::text(value)?).map_err(|error| Fault::new("wrong-length", error))
}

fn chosen_password(value: &Value) -> Result<Password, Fault> {
    use identity::password::PasswordError;
    Password::choose(fields::text(value)?).map_err(|error| match error {
        PasswordError::WrongLength => Fault::new("wrong-length", error),
        PasswordError::TooCommon => Fault::new("password-too-common", error),
    })
}
