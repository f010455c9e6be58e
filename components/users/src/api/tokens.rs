//! The routes with which the other services verify access tokens.

use identity::Role;
use kernel::{SessionId, Timestamp, UserId};
use serde::Serialize;
use web::{Call, Problem, Reply};

use super::requests;
use crate::{App, Host};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PrincipalResponse<'a> {
    user_id: UserId,
    email: &'a str,
    full_name: &'a str,
    role: Role,
    session_id: SessionId,
    expires_at: Option<Timestamp>,
}

pub(super) async fn verify<H: Host>(app: &App<H>, call: &Call) -> Result<Reply, Problem> {
    let caller = requests::caller(app, call).await?;
    Reply::ok(&PrincipalResponse {
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
