//! The statements that count an attempt before its password is hashed.

use capability::{Database, DbError, Statement};
use kernel::{Email, UserId};
use serde::Deserialize;

use crate::domain::credentials::Credentials;
use crate::domain::limits::PASSWORD_ATTEMPTS_PER_ACCOUNT;
use crate::domain::throttle::{Admission, AttemptLimit};
use crate::store::{optional, required};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RegistrationAdmission {
    pub client: Admission,
    /// Another account has the address.
    pub is_taken: bool,
}

#[derive(Debug, Deserialize)]
pub struct LoginAdmission {
    pub client: Admission,
    /// `None` if the client is not admitted or the text cannot be an address.
    pub account: Option<Admission>,
    /// `None` if there is no such account.
    pub credentials: Option<Credentials>,
}

#[derive(Debug, Deserialize)]
pub struct PasswordCheckAdmission {
    pub account: Admission,
    pub credentials: Credentials,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PasswordResetAdmission {
    pub client: Admission,
    /// The token is valid now. Only [`reset_password`](crate::store::reset_password) redeems it.
    #[serde(rename = "isGood")]
    pub is_token_valid: bool,
}

/// Counts a login for the client and the account, and returns the password to compare with.
pub async fn admit_login(
    db: &impl Database,
    email: Option<&Email>,
    client: &str,
    limit: AttemptLimit,
) -> Result<LoginAdmission, DbError> {
    const ADMIT_LOGIN: Statement = Statement::once("admit_login", include_str!("../../sql/admit_login.sql"));
    let params = [
        email.map(Email::as_str).into(),
        client.into(),
        limit.attempts.into(),
        limit.window_s.into(),
        PASSWORD_ATTEMPTS_PER_ACCOUNT.attempts.into(),
        PASSWORD_ATTEMPTS_PER_ACCOUNT.window_s.into(),
    ];
    required(&ADMIT_LOGIN, db.query(&ADMIT_LOGIN, &params).await?)
}

/// Counts a registration, and checks whether the address is taken.
pub async fn admit_registration(
    db: &impl Database,
    email: &Email,
    client: &str,
    limit: AttemptLimit,
) -> Result<RegistrationAdmission, DbError> {
    const ADMIT_REGISTRATION: Statement =
        Statement::once("admit_registration", include_str!("../../sql/admit_registration.sql"));
    let params = [client.into(), limit.attempts.into(), limit.window_s.into(), email.as_str().into()];
    required(&ADMIT_REGISTRATION, db.query(&ADMIT_REGISTRATION, &params).await?)
}

/// Counts a request for a message.
pub async fn admit_message(
    db: &impl Database,
    client: &str,
    limit: AttemptLimit,
) -> Result<Admission, DbError> {
    const ADMIT_MESSAGE: Statement =
        Statement::once("admit_message", include_str!("../../sql/admit_message.sql"));
    let params = [client.into(), limit.attempts.into(), limit.window_s.into()];
    required(&ADMIT_MESSAGE, db.query(&ADMIT_MESSAGE, &params).await?)
}

/// Counts a password that an authenticated client presents, and returns the password to compare with, `None` if the
/// account no longer exists.
pub async fn admit_password_check(
    db: &impl Database,
    user: UserId,
) -> Result<Option<PasswordCheckAdmission>, DbError> {
    const ADMIT_PASSWORD_CHECK: Statement =
        Statement::once("admit_password_check", include_str!("../../sql/admit_password_check.sql"));
    let AttemptLimit { attempts, window_s } = PASSWORD_ATTEMPTS_PER_ACCOUNT;
    let params = [user.get().into(), attempts.into(), window_s.into()];
    optional(&ADMIT_PASSWORD_CHECK, db.query(&ADMIT_PASSWORD_CHECK, &params).await?)
}

/// Counts a reset token that a client presents, and checks it.
pub async fn admit_password_reset(
    db: &impl Database,
    client: &str,
    limit: AttemptLimit,
    token_hash: &str,
) -> Result<PasswordResetAdmission, DbError> {
    const ADMIT_PASSWORD_RESET: Statement =
        Statement::once("admit_password_reset", include_str!("../../sql/admit_password_reset.sql"));
    let params = [client.into(), limit.attempts.into(), limit.window_s.into(), token_hash.into()];
    required(&ADMIT_PASSWORD_RESET, db.query(&ADMIT_PASSWORD_RESET, &params).await?)
}
