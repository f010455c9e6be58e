//! Sessions: refresh, logout, and the list of an account's sessions.

use capability::DbError;
use identity::RefreshToken;
use kernel::SessionId;

use crate::app::authentication::Caller;
use crate::app::resource::{Resource, ResourceError};
use crate::domain::client::Client;
use crate::domain::session::{
    ListedSession, NewSession, Rotation, RotationOutcome, Session, SessionTokens, SigningFailed,
};
use crate::{App, Host, store};
use kernel::page::{PageItems, PageRequest};

#[derive(Debug, thiserror::Error)]
pub(crate) enum RefreshError {
    #[error("the refresh token is not valid")]
    InvalidToken,
    #[error("a retired refresh token was replayed, session {0} was ended")]
    Replayed(SessionId),
    #[error(transparent)]
    Signing(#[from] SigningFailed),
    #[error(transparent)]
    Database(#[from] DbError),
}

/// A session before the database has assigned its id, with the random part of its refresh tokens.
pub(crate) struct PendingSession {
    pub(crate) session: NewSession,
    pub(crate) random: [u8; 16],
}

impl PendingSession {
    pub(crate) fn new<H: Host>(app: &App<H>, client: &Client) -> Self {
        let random = app.host.bytes();
        let session = NewSession {
            device: client.device(),
            refresh_hash: RefreshToken::hash_of(&random),
            lifetime_s: app.config.lifetimes.absolute_s,
        };
        Self { session, random }
    }
}

/// Issues the tokens of a session. `refresh` must be its current refresh token.
pub(crate) fn issue<H: Host>(
    app: &App<H>,
    session: Session,
    refresh: RefreshToken,
) -> Result<SessionTokens, SigningFailed> {
    SessionTokens::issue(&app.config.tokens, session, refresh, app.host.now(), app.host.bytes())
}

/// Rotates a refresh token. A replayed token ends its session.
pub(crate) async fn refresh<H: Host>(app: &App<H>, presented: &str) -> Result<SessionTokens, RefreshError> {
    let keys = app.config.tokens.signing_keys();
    let token = RefreshToken::parse(presented, keys).map_err(|_| RefreshError::InvalidToken)?;
    let rotation = store::rotate_session(&app.host, &token, app.config.lifetimes.idle_s).await?;
    let Rotation { outcome, rotation, session, account } = rotation.ok_or(RefreshError::InvalidToken)?;
    match outcome {
        RotationOutcome::Rotated | RotationOutcome::Repeated => {
            Ok(issue(app, Session { id: session, account }, token.at_rotation(rotation))?)
        }
        RotationOutcome::Replayed => Err(RefreshError::Replayed(token.session())),
    }
}

/// Ends the caller's session. Succeeds if another request has ended it already.
pub(crate) async fn log_out<H: Host>(app: &App<H>, caller: &Caller) -> Result<(), DbError> {
    store::revoke_session(&app.host, caller.session, caller.id(), "logout").await.map(|_| ())
}

pub(crate) async fn log_out_everywhere<H: Host>(app: &App<H>, caller: &Caller) -> Result<(), DbError> {
    store::revoke_all_sessions(&app.host, caller.id()).await
}

pub(crate) async fn list<H: Host>(
    app: &App<H>,
    caller: &Caller,
    page: &PageRequest<i64>,
) -> Result<PageItems<ListedSession, i64>, DbError> {
    store::list_sessions(&app.host, caller.id(), page, app.config.lifetimes.idle_s).await
}

/// Ends one of the caller's sessions.
pub(crate) async fn revoke<H: Host>(
    app: &App<H>,
    caller: &Caller,
    session: SessionId,
) -> Result<(), ResourceError> {
    let is_revoked = store::revoke_session(&app.host, session, caller.id(), "session-revoked").await?;
    if is_revoked { Ok(()) } else { Err(ResourceError::NotFound(Resource::Session)) }
}
