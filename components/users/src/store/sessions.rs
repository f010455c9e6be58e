use capability::{Database, DbError, Param, Statement};
use identity::{PasswordHash, RefreshToken};
use kernel::{SessionId, UserId};

use crate::domain::session::{Device, Listed, RETRY_GRACE_S, Rotated, Started};
use crate::store::{PageOf, optional, required};

/// Starts a session with the password of `version`; `None` if the account is disabled or has another password by now.
/// `rehashed` takes the place of a hash with outdated parameters.
///
/// # Errors
/// [`DbError`]
pub async fn start_session(
    db: &impl Database,
    (user, version): (UserId, i64),
    rehashed: Option<&PasswordHash>,
    (refresh_hash, lifetime_s): (&str, i64),
    device: &Device,
) -> Result<Option<Started>, DbError> {
    const START_SESSION: Statement =
        Statement::once("start_session", include_str!("../../sql/start_session.sql"));
    let params = [
        user.get().into(),
        refresh_hash.into(),
        device.user_agent.as_deref().into(),
        device.ip.as_deref().into(),
        lifetime_s.into(),
        version.into(),
        rehashed.map(PasswordHash::expose).into(),
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
        Statement::once("record_failed_login", include_str!("../../sql/record_failed_login.sql"));
    let params = [user.map(UserId::get).into(), device.ip.as_deref().into()];
    db.query(&RECORD_FAILED_LOGIN, &params).await.map(|_| ())
}

/// The session of a token with its account, if it is still good.
///
/// # Errors
/// [`DbError`]
pub async fn find_session(
    db: &impl Database,
    session: SessionId,
    user: UserId,
    idle_s: i64,
) -> Result<Option<Started>, DbError> {
    const FIND_SESSION: Statement =
        Statement::repeatable("find_session", include_str!("../../sql/find_session.sql"));
    let params = [session.get().into(), user.get().into(), idle_s.into()];
    optional(&FIND_SESSION, db.query(&FIND_SESSION, &params).await?)
}

/// Takes one step with a refresh token; `None` if its session is not good any more. Repeating it is harmless: within the
/// grace, the same step is answered with the same successor.
///
/// # Errors
/// [`DbError`]
pub async fn rotate_session(
    db: &impl Database,
    token: &RefreshToken,
    idle_s: i64,
) -> Result<Option<Rotated>, DbError> {
    const ROTATE_SESSION: Statement =
        Statement::repeatable("rotate_session", include_str!("../../sql/rotate_session.sql"));
    let hash = token.hash();
    let params: [Param<'_>; 5] = [
        token.session().get().into(),
        (&hash).into(),
        token.rotation().into(),
        RETRY_GRACE_S.into(),
        idle_s.into(),
    ];
    optional(&ROTATE_SESSION, db.query(&ROTATE_SESSION, &params).await?)
}

/// Ends a session, and writes `action` into the audit log; `false` if it is not there, is another's, or has ended.
///
/// # Errors
/// [`DbError`]
pub async fn revoke_session(
    db: &impl Database,
    session: SessionId,
    user: UserId,
    action: &str,
) -> Result<bool, DbError> {
    // Not repeatable: the second time would say that there is no such session.
    const REVOKE_SESSION: Statement =
        Statement::once("revoke_session", include_str!("../../sql/revoke_session.sql"));
    let params = [session.get().into(), user.get().into(), action.into()];
    Ok(db.query(&REVOKE_SESSION, &params).await?.is_some())
}

/// Ends all sessions of an account.
///
/// # Errors
/// [`DbError`]
pub async fn revoke_all_sessions(db: &impl Database, user: UserId) -> Result<(), DbError> {
    const REVOKE_ALL_SESSIONS: Statement =
        Statement::repeatable("revoke_all_sessions", include_str!("../../sql/revoke_all_sessions.sql"));
    db.query(&REVOKE_ALL_SESSIONS, &[user.get().into()]).await.map(|_| ())
}

/// The sessions of an account that are good, newest first.
///
/// # Errors
/// [`DbError`]
pub async fn list_sessions(
    db: &impl Database,
    user: UserId,
    page: PageOf,
    idle_s: i64,
) -> Result<Vec<Listed>, DbError> {
    const LIST_SESSIONS: Statement =
        Statement::repeatable("list_sessions", include_str!("../../sql/list_sessions.sql"));
    let params = [user.get().into(), page.after.into(), page.limit.into(), idle_s.into()];
    required(&LIST_SESSIONS, db.query(&LIST_SESSIONS, &params).await?)
}
