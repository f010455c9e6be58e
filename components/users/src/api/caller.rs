//! Who is calling, and what others may know of it.

use identity::{Role, token};
use kernel::{SessionId, Timestamp, UserId};
use serde::Serialize;
use web::{Call, Problem, Reply};

use crate::domain::account::Account;
use crate::domain::session::Started;
use crate::{App, Host, store};

/// A caller whose session is good, as the database has it now.
pub(super) struct Caller {
    pub(super) session: SessionId,
    pub(super) account: Account,
    expires_at: Option<Timestamp>,
}

impl Caller {
    pub(super) fn id(&self) -> UserId {
        self.account.id
    }
}

/// Whoever calls. The signature is checked first, which refuses garbage without asking the database.
pub(super) async fn identified<H: Host>(app: &App<H>, call: &Call) -> Result<Caller, Problem> {
    let claims = app.config.tokens.verify(call.bearer()?, app.host.now()).map_err(|_| invalid_token())?;
    let user = claims.user().ok_or_else(invalid_token)?;
    let idle_s = app.config.lifetimes.idle_s;
    let found = store::find_session(&app.host, claims.session(), user, idle_s).await?;
    let Started { session, account } = found.ok_or_else(invalid_token)?;
    Ok(Caller { session, account, expires_at: claims.expires_at() })
}

/// Whoever calls, if they are an admin now.
pub(super) async fn admin<H: Host>(app: &App<H>, call: &Call) -> Result<Caller, Problem> {
    let caller = identified(app, call).await?;
    match caller.account.role {
        Role::Admin => Ok(caller),
        Role::Customer => Err(Problem::admin_only(caller.id())),
    }
}

pub(super) async fn verify_token<H: Host>(app: &App<H>, call: &Call) -> Result<Reply, Problem> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Known<'a> {
        user_id: UserId,
        email: &'a str,
        full_name: &'a str,
        role: Role,
        session_id: SessionId,
        expires_at: Option<Timestamp>,
    }
    let caller = identified(app, call).await?;
    Reply::ok(&Known {
        user_id: caller.id(),
        email: &caller.account.email,
        full_name: &caller.account.full_name,
        role: caller.account.role,
        session_id: caller.session,
        expires_at: caller.expires_at,
    })
}

pub(super) fn jwks<H>(app: &App<H>) -> Result<Reply, Problem> {
    let keys = app.config.tokens.verification_keys().jwks();
    Ok(Reply::ok(&serde_json::json!({ "keys": keys }))?.cached("public, max-age=300"))
}

fn invalid_token() -> Problem {
    Problem::unauthorized("invalid-token", token::InvalidToken.to_string())
}
