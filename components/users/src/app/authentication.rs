//! Authentication of clients by their access tokens.

use capability::DbError;
use identity::Role;
use kernel::{SessionId, Timestamp, UserId};

use crate::domain::account::Account;
use crate::domain::session::Session;
use crate::{App, Host, store};

#[derive(Debug, thiserror::Error)]
pub(crate) enum AuthenticationError {
    #[error("the access token is not valid")]
    InvalidToken,
    #[error(transparent)]
    Database(#[from] DbError),
}

/// The account is not an admin's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("user {0} is not an admin")]
pub(crate) struct NotAdmin(pub(crate) UserId);

/// A client with a valid session, as the database has it now.
pub(crate) struct Caller {
    pub(crate) session: SessionId,
    pub(crate) account: Account,
    /// The expiry of the access token.
    pub(crate) expires_at: Option<Timestamp>,
}

impl Caller {
    pub(crate) fn id(&self) -> UserId {
        self.account.id
    }

    /// Checks the role in the database, which may differ from the role in the token.
    pub(crate) fn require_admin(self) -> Result<Self, NotAdmin> {
        match self.account.role {
            Role::Admin => Ok(self),
            Role::Customer => Err(NotAdmin(self.id())),
        }
    }
}

/// Authenticates a client. The signature is checked first, so that a forged token costs no statement.
pub(crate) async fn authenticate<H: Host>(app: &App<H>, token: &str) -> Result<Caller, AuthenticationError> {
    let claims = app.config.tokens.verify(token, app.host.now());
    let claims = claims.map_err(|_| AuthenticationError::InvalidToken)?;
    let user = claims.user().ok_or(AuthenticationError::InvalidToken)?;
    let idle_s = app.config.lifetimes.idle_s;
    let session = store::find_session(&app.host, claims.session(), user, idle_s).await?;
    let Session { id, account } = session.ok_or(AuthenticationError::InvalidToken)?;
    Ok(Caller { session: id, account, expires_at: claims.expires_at() })
}
