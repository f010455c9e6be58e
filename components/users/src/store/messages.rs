use capability::{Database, DbError, Statement};
use identity::PasswordHash;
use identity::keys::SigningKeys;
use identity::one_time::{LIFETIME_S, OneTimeToken, Purpose};
use kernel::Email;

use crate::domain::notification::Claimed;
use crate::domain::throttle::MESSAGES_PER_ACCOUNT;
use crate::store::{optional, required};

/// What the database keeps of a token that is to be mailed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailedToken {
    /// What the token is made from, with the key.
    pub salt: String,
    /// What the token is known by when it comes back.
    pub hash: String,
}

impl MailedToken {
    /// A new token.
    #[must_use]
    pub fn new(keys: &SigningKeys, purpose: Purpose, salt: [u8; 16]) -> Self {
        let hash = OneTimeToken::new(keys, purpose, &salt).hash();
        Self { salt: OneTimeToken::salt_text(&salt), hash }
    }
}

/// Sends a token to whoever has this address, if there is somebody and not too many were sent. Nothing tells which.
///
/// # Errors
/// [`DbError`]
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
        LIFETIME_S.into(),
        MESSAGES_PER_ACCOUNT.attempts.into(),
        MESSAGES_PER_ACCOUNT.window_s.into(),
    ];
    db.query(&REQUEST_TOKEN, &params).await.map(|_| ())
}

/// Redeems a token that proves an address; `false` if it is not good.
///
/// # Errors
/// [`DbError`]
pub async fn verify_email(db: &impl Database, token_hash: &str) -> Result<bool, DbError> {
    const VERIFY_EMAIL: Statement =
        Statement::once("verify_email", include_str!("../../sql/verify_email.sql"));
    Ok(db.query(&VERIFY_EMAIL, &[token_hash.into()]).await?.is_some())
}

/// Redeems a token that sets a new password, and ends all sessions; `false` if it is not good.
///
/// # Errors
/// [`DbError`]
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

/// How the delivery of a message ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// The carrier has it.
    Delivered,
    /// It is tried again later.
    Failed,
    /// It is not tried again.
    Abandoned,
}

impl Delivery {
    fn as_str(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::Abandoned => "abandoned",
        }
    }
}

/// Takes the message that is due longest from the outbox, for a while.
///
/// # Errors
/// [`DbError`]
pub async fn claim_notification(db: &impl Database) -> Result<Option<Claimed>, DbError> {
    const CLAIM_NOTIFICATION: Statement =
        Statement::once("claim_notification", include_str!("../../sql/claim_notification.sql"));
    optional(&CLAIM_NOTIFICATION, db.query(&CLAIM_NOTIFICATION, &[]).await?)
}

/// Notes how the delivery of a message ended.
///
/// # Errors
/// [`DbError`]
pub async fn finish_notification(
    db: &impl Database,
    id: i64,
    delivery: Delivery,
    error: Option<&str>,
) -> Result<(), DbError> {
    const FINISH_NOTIFICATION: Statement =
        Statement::repeatable("finish_notification", include_str!("../../sql/finish_notification.sql"));
    let params = [id.into(), delivery.as_str().into(), error.into()];
    db.query(&FINISH_NOTIFICATION, &params).await.map(|_| ())
}
