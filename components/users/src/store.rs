//! One function per statement. The SQL is in `sql/`, under the same name.

use capability::db::OnConstraint as _;
use capability::{Database, DbError, Param, Statement};
use identity::{PasswordHash, RefreshToken};
use kernel::{Email, SessionId, UserId};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::account::{Account, Credentials};
use crate::session::{Device, Identified, LIFETIME_S, RETRY_GRACE_S, Rotated, Started};

/// Why nobody was registered.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// There is an account with this address already.
    #[error("there is an account with this e-mail address already")]
    EmailTaken,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DbError),
}

/// Inserts the account with its first session and the audit entry. `token_hash` is what is kept of its refresh token.
///
/// # Errors
/// [`RegisterError::EmailTaken`] if the address is in use.
pub async fn register(
    db: &impl Database,
    (email, full_name): (&Email, &str),
    password_hash: &PasswordHash,
    token_hash: &str,
    device: &Device,
) -> Result<Started, RegisterError> {
    const REGISTER: Statement = Statement::once("register", include_str!("../sql/register.sql"));
    let params = [
        email.as_str().into(),
        password_hash.expose().into(),
        full_name.into(),
        token_hash.into(),
        device.user_agent.as_deref().into(),
        device.ip.as_deref().into(),
        LIFETIME_S.into(),
    ];
    let answer =
        db.query(&REGISTER, &params).await.on_constraint("users_email_key", RegisterError::EmailTaken)?;
    Ok(required(&REGISTER, answer)?)
}

/// The credentials of the account with this address.
///
/// # Errors
/// [`DbError`]
pub async fn find_credentials(db: &impl Database, email: &Email) -> Result<Option<Credentials>, DbError> {
    const FIND_CREDENTIALS: Statement =
        Statement::repeatable("find_credentials", include_str!("../sql/find_credentials.sql"));
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Row {
        user_id: UserId,
        password_hash: String,
        is_disabled: bool,
    }
    let answer = db.query(&FIND_CREDENTIALS, &[email.as_str().into()]).await?;
    let row: Option<Row> = optional(&FIND_CREDENTIALS, answer)?;
    Ok(row.map(|row| Credentials {
        user: row.user_id,
        password_hash: PasswordHash::kept(row.password_hash),
        is_disabled: row.is_disabled,
    }))
}

/// Starts a session of an account; `None` if the account is disabled.
///
/// # Errors
/// [`DbError`]
pub async fn start_session(
    db: &impl Database,
    user: UserId,
    token_hash: &str,
    device: &Device,
) -> Result<Option<Started>, DbError> {
    const START_SESSION: Statement =
        Statement::once("start_session", include_str!("../sql/start_session.sql"));
    let params = [
        user.get().into(),
        token_hash.into(),
        device.user_agent.as_deref().into(),
        device.ip.as_deref().into(),
        LIFETIME_S.into(),
    ];
    optional(&START_SESSION, db.query(&START_SESSION, &params).await?)
}

/// Writes a failed login into the audit log, of the account that was meant if there is one.
///
/// # Errors
/// [`DbError`]
pub async fn record_failed_login(
    db: &impl Database,
    user: Option<UserId>,
    device: &Device,
) -> Result<(), DbError> {
    const RECORD_FAILED_LOGIN: Statement =
        Statement::once("record_failed_login", include_str!("../sql/record_failed_login.sql"));
    let params = [user.map(UserId::get).into(), device.ip.as_deref().into()];
    db.query(&RECORD_FAILED_LOGIN, &params).await.map(|_| ())
}

/// The session of a token, if it is still good.
///
/// # Errors
/// [`DbError`]
pub async fn find_session(
    db: &impl Database,
    session: SessionId,
    user: UserId,
) -> Result<Option<Identified>, DbError> {
    const FIND_SESSION: Statement =
        Statement::repeatable("find_session", include_str!("../sql/find_session.sql"));
    optional(&FIND_SESSION, db.query(&FIND_SESSION, &[session.get().into(), user.get().into()]).await?)
}

/// The account behind a session, if the session is still good.
///
/// # Errors
/// [`DbError`]
pub async fn find_account(
    db: &impl Database,
    session: SessionId,
    user: UserId,
) -> Result<Option<Account>, DbError> {
    const FIND_ACCOUNT: Statement =
        Statement::repeatable("find_account", include_str!("../sql/find_account.sql"));
    optional(&FIND_ACCOUNT, db.query(&FIND_ACCOUNT, &[session.get().into(), user.get().into()]).await?)
}

/// Takes one step with a refresh token; `None` if its session is not good any more. Repeating it is harmless: within the
/// grace, the same step is answered with the same successor.
///
/// # Errors
/// [`DbError`]
pub async fn rotate_session(db: &impl Database, token: &RefreshToken) -> Result<Option<Rotated>, DbError> {
    const ROTATE_SESSION: Statement =
        Statement::repeatable("rotate_session", include_str!("../sql/rotate_session.sql"));
    let hash = token.hash();
    let params: [Param<'_>; 4] =
        [token.session().get().into(), (&hash).into(), token.rotation().into(), RETRY_GRACE_S.into()];
    optional(&ROTATE_SESSION, db.query(&ROTATE_SESSION, &params).await?)
}

/// Ends a session.
///
/// # Errors
/// [`DbError`]
pub async fn revoke_session(db: &impl Database, session: SessionId, user: UserId) -> Result<(), DbError> {
    const REVOKE_SESSION: Statement =
        Statement::repeatable("revoke_session", include_str!("../sql/revoke_session.sql"));
    db.query(&REVOKE_SESSION, &[session.get().into(), user.get().into()]).await.map(|_| ())
}

/// Whether the database answers.
///
/// # Errors
/// [`DbError`]
pub async fn ping(db: &impl Database) -> Result<(), DbError> {
    const PING: Statement = Statement::repeatable("ping", include_str!("../sql/ping.sql"));
    db.query(&PING, &[]).await.map(|_| ())
}

fn optional<T: DeserializeOwned>(
    statement: &Statement,
    answer: Option<String>,
) -> Result<Option<T>, DbError> {
    answer.map(|json| statement.decode(&json)).transpose()
}

fn required<T: DeserializeOwned>(statement: &Statement, answer: Option<String>) -> Result<T, DbError> {
    let json = answer.ok_or_else(|| DbError::Unexpected(format!("{} has no row", statement.name)))?;
    statement.decode(&json)
}
