use capability::{Database, DbError, Param, Statement};
use identity::{PasswordHash, RefreshToken};
use kernel::{SessionId, UserId};

use crate::domain::credentials::VerifiedPassword;
use crate::domain::limits::REFRESH_RETRY_GRACE_S;
use crate::domain::session::{Device, ListedSession, NewSession, Rotation, Session};
use crate::store::{list_page, optional};
use kernel::page::{PageItems, PageRequest};

/// Starts a session. Returns `None` if the account is disabled or has another password by now.
pub async fn start_session(
    db: &impl Database,
    password: &VerifiedPassword,
    session: &NewSession,
) -> Result<Option<Session>, DbError> {
    const START_SESSION: Statement =
        Statement::once("start_session", include_str!("../../sql/start_session.sql"));
    let params: [Param<'_>; 7] = [
        password.user.get().into(),
        (&session.refresh_hash).into(),
        session.device.user_agent.as_deref().into(),
        session.device.ip.as_deref().into(),
        session.lifetime_s.into(),
        password.version.into(),
        password.rehashed.as_ref().map(PasswordHash::expose).into(),
    ];
    optional(&START_SESSION, db.query(&START_SESSION, &params).await?)
}

/// Writes a failed login into the audit log. `user` is `None` if there is no such account.
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

/// Returns the session with its account if the session is valid.
pub async fn find_session(
    db: &impl Database,
    session: SessionId,
    user: UserId,
    idle_s: i64,
) -> Result<Option<Session>, DbError> {
    const FIND_SESSION: Statement =
        Statement::repeatable("find_session", include_str!("../../sql/find_session.sql"));
    let params = [session.get().into(), user.get().into(), idle_s.into()];
    optional(&FIND_SESSION, db.query(&FIND_SESSION, &params).await?)
}

/// Rotates the refresh token of a session. Returns `None` if the session is not valid. Idempotent: within the grace
/// period the same token gets the same successor.
pub async fn rotate_session(
    db: &impl Database,
    token: &RefreshToken,
    idle_s: i64,
) -> Result<Option<Rotation>, DbError> {
    const ROTATE_SESSION: Statement =
        Statement::repeatable("rotate_session", include_str!("../../sql/rotate_session.sql"));
    let hash = token.hash();
    let params: [Param<'_>; 5] = [
        token.session().get().into(),
        (&hash).into(),
        token.rotation().into(),
        REFRESH_RETRY_GRACE_S.into(),
        idle_s.into(),
    ];
    optional(&ROTATE_SESSION, db.query(&ROTATE_SESSION, &params).await?)
}

/// Ends a session and writes `action` into the audit log. Returns false if the account has no such active session.
pub async fn revoke_session(
    db: &impl Database,
    session: SessionId,
    user: UserId,
    action: &str,
) -> Result<bool, DbError> {
    // Not repeatable: the second run finds no active session.
    const REVOKE_SESSION: Statement =
        Statement::once("revoke_session", include_str!("../../sql/revoke_session.sql"));
    let params = [session.get().into(), user.get().into(), action.into()];
    Ok(db.query(&REVOKE_SESSION, &params).await?.is_some())
}

/// Ends all sessions of an account.
pub async fn revoke_all_sessions(db: &impl Database, user: UserId) -> Result<(), DbError> {
    const REVOKE_ALL_SESSIONS: Statement =
        Statement::repeatable("revoke_all_sessions", include_str!("../../sql/revoke_all_sessions.sql"));
    db.query(&REVOKE_ALL_SESSIONS, &[user.get().into()]).await.map(|_| ())
}

/// Returns the active sessions of an account, newest first.
pub async fn list_sessions(
    db: &impl Database,
    user: UserId,
    page: &PageRequest<i64>,
    idle_s: i64,
) -> Result<PageItems<ListedSession, i64>, DbError> {
    const LIST_SESSIONS: Statement =
        Statement::repeatable("list_sessions", include_str!("../../sql/list_sessions.sql"));
    let params = [user.get().into(), page.after.into(), page.limit.get().into(), idle_s.into()];
    list_page(&LIST_SESSIONS, db.query(&LIST_SESSIONS, &params).await?)
}
