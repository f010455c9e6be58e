//! One-time tokens, and the outbox of the messages that carry them.

use capability::{Database, DbError, Statement};
use identity::PasswordHash;
use identity::one_time::{ONE_TIME_TOKEN_LIFETIME_S, Purpose};
use kernel::Email;

use crate::domain::limits::MESSAGES_PER_ACCOUNT;
use crate::domain::notification::{ClaimedNotification, DeliveryOutcome, MailedToken};
use crate::store::{optional, required};

/// Queues a message with a token for the account of this address. Does nothing if there is no account or its limit is
/// exceeded; the outcome is the same for the client, which prevents user enumeration.
pub async fn request_token(
    db: &impl Database,
    email: &Email,
    purpose: Purpose,
    token: &MailedToken,
) -> Result<(), DbError> {
    const REQUEST_TOKEN: Statement =
        Statement::once("request_token", include_str!("../../sql/request_token.sql"));
    let params = [
        email.as_str().into(),
        purpose.as_str().into(),
        (&token.salt).into(),
        (&token.hash).into(),
        ONE_TIME_TOKEN_LIFETIME_S.into(),
        MESSAGES_PER_ACCOUNT.attempts.into(),
        MESSAGES_PER_ACCOUNT.window_s.into(),
    ];
    db.query(&REQUEST_TOKEN, &params).await.map(|_| ())
}

/// Redeems a token that verifies an address. Returns false if the token is not valid.
pub async fn verify_email(db: &impl Database, token_hash: &str) -> Result<bool, DbError> {
    const VERIFY_EMAIL: Statement =
        Statement::once("verify_email", include_str!("../../sql/verify_email.sql"));
    Ok(db.query(&VERIFY_EMAIL, &[token_hash.into()]).await?.is_some())
}

/// Redeems a token that sets a new password, and ends all sessions. Returns false if the token is not valid.
pub async fn reset_password(
    db: &impl Database,
    token_hash: &str,
    password_hash: &PasswordHash,
) -> Result<bool, DbError> {
    const RESET_PASSWORD: Statement =
        Statement::once("reset_password", include_str!("../../sql/reset_password.sql"));
    let params = [token_hash.into(), password_hash.expose().into()];
    required(&RESET_PASSWORD, db.query(&RESET_PASSWORD, &params).await?)
}

/// Claims the message that has been due for the longest time. The claim is a lease: it ends by itself.
pub async fn claim_notification(db: &impl Database) -> Result<Option<ClaimedNotification>, DbError> {
    const CLAIM_NOTIFICATION: Statement =
        Statement::once("claim_notification", include_str!("../../sql/claim_notification.sql"));
    optional(&CLAIM_NOTIFICATION, db.query(&CLAIM_NOTIFICATION, &[]).await?)
}

/// Records the outcome of a delivery attempt.
pub async fn finish_notification(
    db: &impl Database,
    id: i64,
    outcome: DeliveryOutcome,
    error: Option<&str>,
) -> Result<(), DbError> {
    const FINISH_NOTIFICATION: Statement =
        Statement::repeatable("finish_notification", include_str!("../../sql/finish_notification.sql"));
    let params = [id.into(), outcome.as_str().into(), error.into()];
    db.query(&FINISH_NOTIFICATION, &params).await.map(|_| ())
}
