use capability::{Database, DbError, Statement};
use kernel::{Email, UserId};
use serde::Deserialize;

use crate::domain::account::Credentials;
use crate::domain::throttle::{Admission, FAILURES_PER_ACCOUNT, Limit};
use crate::store::{optional, required};

/// What the database says before the password of a new account is hashed.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RegistrationAdmission {
    /// About the client.
    pub client: Admission,
    /// Whether the address has an account already.
    pub is_taken: bool,
}

/// What the database says before a password is compared.
#[derive(Debug, Deserialize)]
pub struct LoginAdmission {
    /// About the client.
    pub client: Admission,
    /// About the account; `None` if the client has no more attempts, or the address cannot be one.
    pub account: Option<Admission>,
    /// The account's password, if there is an account.
    pub credentials: Option<Credentials>,
}

/// What the database says before the password of somebody who is logged in is compared.
#[derive(Debug, Deserialize)]
pub struct PasswordCheckAdmission {
    /// About the account.
    pub account: Admission,
    /// Its password.
    pub credentials: Credentials,
}

/// What the database says before a new password is hashed for a reset token.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PasswordResetAdmission {
    /// About the client.
    pub client: Admission,
    /// Whether the token is worth the hash. It is only redeemed afterwards.
    pub is_good: bool,
}

/// Counts a login, for the client and for the account, and finds what to compare the password with.
///
/// # Errors
/// [`DbError`]
pub async fn admit_login(
    db: &impl Database,
    email: Option<&Email>,
    client: &str,
    limit: Limit,
) -> Result<LoginAdmission, DbError> {
    const ADMIT_LOGIN: Statement = Statement::once("admit_login", include_str!("../../sql/admit_login.sql"));
    let params = [
        email.map(Email::as_str).into(),
        client.into(),
        limit.attempts.into(),
        limit.window_s.into(),
        FAILURES_PER_ACCOUNT.attempts.into(),
        FAILURES_PER_ACCOUNT.window_s.into(),
    ];
    required(&ADMIT_LOGIN, db.query(&ADMIT_LOGIN, &params).await?)
}

/// Counts a registration, and says whether it can succeed at all.
///
/// # Errors
/// [`DbError`]
pub async fn admit_registration(
    db: &impl Database,
    email: &Email,
    client: &str,
    limit: Limit,
) -> Result<RegistrationAdmission, DbError> {
    const ADMIT_REGISTRATION: Statement =
        Statement::once("admit_registration", include_str!("../../sql/admit_registration.sql"));
    let params = [client.into(), limit.attempts.into(), limit.window_s.into(), email.as_str().into()];
    required(&ADMIT_REGISTRATION, db.query(&ADMIT_REGISTRATION, &params).await?)
}

/// Counts a request for a message.
///
/// # Errors
/// [`DbError`]
pub async fn admit_message(db: &impl Database, client: &str, limit: Limit) -> Result<Admission, DbError> {
    const ADMIT_MESSAGE: Statement =
        Statement::once("admit_message", include_str!("../../sql/admit_message.sql"));
    let params = [client.into(), limit.attempts.into(), limit.window_s.into()];
    required(&ADMIT_MESSAGE, db.query(&ADMIT_MESSAGE, &params).await?)
}

/// Counts a password that somebody who is logged in shows, and finds what to compare it with; `None` if the account is
/// gone.
///
/// # Errors
/// [`DbError`]
pub async fn admit_password_check(
    db: &impl Database,
    user: UserId,
) -> Result<Option<PasswordCheckAdmission>, DbError> {
    const ADMIT_PASSWORD_CHECK: Statement =
        Statement::once("admit_password_check", include_str!("../../sql/admit_password_check.sql"));
    let Limit { attempts, window_s } = FAILURES_PER_ACCOUNT;
    let params = [user.get().into(), attempts.into(), window_s.into()];
    optional(&ADMIT_PASSWORD_CHECK, db.query(&ADMIT_PASSWORD_CHECK, &params).await?)
}

/// Counts a reset token that a client presents, and says whether it is good.
///
/// # Errors
/// [`DbError`]
pub async fn admit_password_reset(
    db: &impl Database,
    client: &str,
    limit: Limit,
    token_hash: &str,
) -> Result<PasswordResetAdmission, DbError> {
    const ADMIT_PASSWORD_RESET: Statement =
        Statement::once("admit_password_reset", include_str!("../../sql/admit_password_reset.sql"));
    let params = [client.into(), limit.attempts.into(), limit.window_s.into(), token_hash.into()];
    required(&ADMIT_PASSWORD_RESET, db.query(&ADMIT_PASSWORD_RESET, &params).await?)
}
