//! Registrations, logins, passwords and one-time tokens as clients present them.

use identity::password::PasswordError;
use identity::{OneTimeToken, Password, PasswordHash};
use kernel::fields::{self, FieldFault, Fields, InvalidFields};
use kernel::{Email, UserId};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::domain::limits::MAX_FULL_NAME_CHARACTERS;

#[derive(Debug)]
pub struct Registration {
    pub email: Email,
    pub password: Password,
    pub full_name: String,
}

#[derive(Debug)]
pub struct Login {
    /// `None` if the text cannot be an address: then no account has it.
    pub email: Option<Email>,
    pub password: Password,
}

#[derive(Debug)]
pub struct PasswordChange {
    pub current: Password,
    pub new: Password,
}

#[derive(Debug)]
pub struct PasswordReset {
    pub token_hash: String,
    pub new: Password,
}

/// The stored password of an account, to compare a presented one with.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Credentials {
    #[serde(rename = "userId")]
    pub user: UserId,
    #[serde(deserialize_with = "stored_hash")]
    pub password_hash: PasswordHash,
    /// Incremented when the password changes, not when the same password is hashed again.
    pub password_version: i64,
    pub is_disabled: bool,
}

/// A password that was compared with the stored one and is right.
#[derive(Debug)]
pub struct VerifiedPassword {
    pub user: UserId,
    pub version: i64,
    /// Replaces a stored hash with outdated parameters.
    pub rehashed: Option<PasswordHash>,
}

fn stored_hash<'de, D: Deserializer<'de>>(value: D) -> Result<PasswordHash, D::Error> {
    String::deserialize(value).map(PasswordHash::from_stored)
}

impl Registration {
    pub fn read(mut body: Fields) -> Result<Self, InvalidFields> {
        let email = body.required("email", |value| {
            Email::parse(fields::text(value)?).map_err(|error| FieldFault::new("invalid", error))
        });
        let password = body.required("password", chosen_password);
        let full_name = body.required("fullName", fields::line(MAX_FULL_NAME_CHARACTERS));
        body.finish(|| Some(Self { email: email?, password: password?, full_name: full_name? }))
    }
}

impl Login {
    /// Reads a login. An address or a password that no account can have is accepted here and rejected later, like any
    /// other wrong one.
    pub fn read(mut body: Fields) -> Result<Self, InvalidFields> {
        let email = body.required("email", possible_email);
        let password = body.required("password", presented_password);
        body.finish(|| Some(Self { email: email?, password: password? }))
    }
}

impl PasswordChange {
    pub fn read(mut body: Fields) -> Result<Self, InvalidFields> {
        let current = body.required("currentPassword", presented_password);
        let new = body.required("newPassword", chosen_password);
        body.finish(|| Some(Self { current: current?, new: new? }))
    }
}

impl PasswordReset {
    pub fn read(mut body: Fields) -> Result<Self, InvalidFields> {
        let token_hash = body.required("token", token_hash);
        let new = body.required("newPassword", chosen_password);
        body.finish(|| Some(Self { token_hash: token_hash?, new: new? }))
    }
}

/// Reads a body whose only field is the present password.
pub fn read_password(mut body: Fields) -> Result<Password, InvalidFields> {
    let password = body.required("password", presented_password);
    body.finish(|| password)
}

/// Reads a body whose only field is an address, `None` if no account can have it.
pub fn read_email(mut body: Fields) -> Result<Option<Email>, InvalidFields> {
    let email = body.required("email", possible_email);
    body.finish(|| email)
}

/// Reads a body whose only field is a one-time token. Returns the token's hash.
pub fn read_one_time_token(mut body: Fields) -> Result<String, InvalidFields> {
    let hash = body.required("token", token_hash);
    body.finish(|| hash)
}

/// Reads a body whose only field is a refresh token.
pub fn read_refresh_token(mut body: Fields) -> Result<String, InvalidFields> {
    let token = body.required("refreshToken", |value| fields::text(value).map(str::to_owned));
    body.finish(|| token)
}

fn possible_email(value: &Value) -> Result<Option<Email>, FieldFault> {
    Ok(Email::parse(fields::text(value)?).ok())
}

fn token_hash(value: &Value) -> Result<String, FieldFault> {
    fields::text(value).map(OneTimeToken::hash_of)
}

fn presented_password(value: &Value) -> Result<Password, FieldFault> {
    Password::present(fields::text(value)?).map_err(|error| FieldFault::new("wrong-length", error))
}

fn chosen_password(value: &Value) -> Result<Password, FieldFault> {
    Password::choose(fields::text(value)?).map_err(|error| match error {
        PasswordError::WrongLength => FieldFault::new("wrong-length", error),
        PasswordError::TooCommon => FieldFault::new("password-too-common", error),
    })
}
