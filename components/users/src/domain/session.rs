//! Sessions: one login on one device, and the tokens that stand for it.

use identity::{RefreshToken, TokenIssuer};
use kernel::{SessionId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::domain::account::Account;

/// How long sessions last, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetimes {
    /// From the login, however much it is used.
    pub absolute_s: i64,
    /// From the last refresh.
    pub idle_s: i64,
}

/// How long after a rotation the former refresh token still gets the same successor, in seconds: an answer that was lost is
/// asked for again within that time, and a thief has no more than that.
pub const RETRY_GRACE_S: i64 = 10;

/// Where a login came from, for the list of sessions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Device {
    /// The header `User-Agent`, cut to 300 characters.
    pub user_agent: Option<String>,
    /// The client's address as the host appended it.
    pub ip: Option<String>,
}

/// A session with its account: just started, continued, or found to be good.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Started {
    /// Its id.
    #[serde(rename = "sessionId")]
    pub session: SessionId,
    /// Whose it is.
    pub account: Account,
}

/// What the database says to a refresh token.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Rotated {
    /// What it was.
    pub outcome: RotationOutcome,
    /// The session's rotation afterwards.
    pub rotation: i64,
    /// The session. Not flattened into a [`Started`]: serde cannot, with numbers of arbitrary precision.
    #[serde(rename = "sessionId")]
    pub session: SessionId,
    /// Whose it is.
    pub account: Account,
}

/// What a refresh token turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RotationOutcome {
    /// The current one: it has a successor now.
    Rotated,
    /// The one before, shortly after: the successor is given out again.
    Repeated,
    /// An old one. Somebody else has the newer one, so the session was ended.
    Replayed,
}

/// A session in its owner's list.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Listed {
    /// Its id.
    pub id: SessionId,
    /// What the client called itself.
    pub user_agent: Option<String>,
    /// Where the login came from.
    pub ip: Option<String>,
    /// The login.
    pub created_at: Timestamp,
    /// The last refresh, or the login.
    pub last_used_at: Timestamp,
    /// When it ends if it is not used before.
    pub expires_at: Timestamp,
}

/// The answer to a login.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Tokens {
    token: String,
    refresh_token: String,
    expires_in: i64,
    user: Account,
}

impl Tokens {
    /// The tokens of a session. `refresh` must be the session's current refresh token.
    ///
    /// # Errors
    /// A message for the log, if signing fails.
    pub fn issue(
        tokens: &TokenIssuer,
        started: Started,
        refresh: RefreshToken,
        now: Timestamp,
        jti: [u8; 16],
    ) -> Result<Self, String> {
        let token = tokens.sign(started.account.id, started.session, started.account.role, now, jti)?;
        Ok(Self {
            token,
            refresh_token: refresh.encode(tokens.signing_keys()),
            expires_in: identity::token::LIFETIME_S,
            user: started.account,
        })
    }
}
