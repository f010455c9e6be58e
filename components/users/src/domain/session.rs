//! Sessions: one login on one device, with its access and refresh tokens.

use identity::{RefreshToken, TokenIssuer};
use kernel::{SessionId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::domain::account::Account;

/// How long sessions last, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetimes {
    /// From the login, regardless of use.
    pub absolute_s: i64,
    /// From the last refresh.
    pub idle_s: i64,
}

/// The origin of a login, for the list of sessions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Device {
    pub user_agent: Option<String>,
    pub ip: Option<String>,
}

/// A session that is not stored yet.
#[derive(Debug)]
pub struct NewSession {
    pub device: Device,
    /// The hash of the random part that all refresh tokens of the session have in common.
    pub refresh_hash: String,
    pub lifetime_s: i64,
}

/// A valid session with its account.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Session {
    #[serde(rename = "sessionId")]
    pub id: SessionId,
    pub account: Account,
}

/// The database's answer to a refresh token.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Rotation {
    pub outcome: RotationOutcome,
    /// The session's rotation afterwards.
    pub rotation: i64,
    // Not a flattened `Session`: serde cannot flatten numbers of arbitrary precision.
    #[serde(rename = "sessionId")]
    pub session: SessionId,
    pub account: Account,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RotationOutcome {
    /// The token was the current one and now has a successor.
    Rotated,
    /// The token was replaced within the grace period: its successor is returned again.
    Repeated,
    /// The token was replaced earlier. A second client has the newer one, so the session was ended.
    Replayed,
}

/// A session in its owner's list.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListedSession {
    pub id: SessionId,
    pub user_agent: Option<String>,
    pub ip: Option<String>,
    pub created_at: Timestamp,
    /// The last refresh, or the login.
    pub last_used_at: Timestamp,
    /// The expiry without further use.
    pub expires_at: Timestamp,
}

/// The tokens of a session, as the client receives them.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionTokens {
    token: String,
    refresh_token: String,
    expires_in: i64,
    user: Account,
}

/// An access token could not be signed. The message is for the log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SigningFailed(String);

impl SessionTokens {
    /// Signs an access token. `refresh` must be the session's current refresh token.
    pub fn issue(
        issuer: &TokenIssuer,
        session: Session,
        refresh: RefreshToken,
        now: Timestamp,
        jti: [u8; 16],
    ) -> Result<Self, SigningFailed> {
        let Session { id, account } = session;
        let token = issuer.sign(account.id, id, account.role, now, jti).map_err(SigningFailed)?;
        Ok(Self {
            token,
            refresh_token: refresh.encode(issuer.signing_keys()),
            expires_in: identity::token::ACCESS_TOKEN_LIFETIME_S,
            user: account,
        })
    }
}
