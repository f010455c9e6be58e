//! Registration, login, refresh and logout, and `/users/me/sessions`.

use kernel::{SessionId, Timestamp};
use serde::Serialize;
use web::{Call, Problem, Reply};

use super::{rate_limit, requests};
use crate::app::{login, registration, sessions};
use crate::domain::credentials::{Login, Registration, read_refresh_token};
use crate::domain::session::ListedSession;
use crate::{App, Host};

/// A session as its owner sees it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SessionResponse {
    id: SessionId,
    current: bool,
    user_agent: Option<String>,
    ip: Option<String>,
    created_at: Timestamp,
    last_used_at: Timestamp,
    expires_at: Timestamp,
}

pub(super) async fn register<H: Host>(app: &App<H>, mut call: Call) -> Result<Reply, Problem> {
    let registration = Registration::read(call.json().await?)?;
    let client = requests::client(app, &call);
    let admitted = registration::admit(app, registration, &client).await?;
    let admission = admitted.admission;
    let tokens = admitted.register(&client).await.map_err(Problem::from);
    let created = |reply: Reply| reply.created_at("/users/me");
    rate_limit::add_headers(tokens.and_then(|tokens| Reply::ok(&tokens)).map(created), &admission)
}

pub(super) async fn log_in<H: Host>(app: &App<H>, mut call: Call) -> Result<Reply, Problem> {
    let login = Login::read(call.json().await?)?;
    let client = requests::client(app, &call);
    let admitted = login::admit(app, login, &client).await?;
    let admission = admitted.admission;
    let tokens = admitted.log_in(&client).await.map_err(Problem::from);
    rate_limit::add_headers(tokens.and_then(|tokens| Reply::ok(&tokens)), &admission)
}

pub(super) async fn refresh<H: Host>(app: &App<H>, mut call: Call) -> Result<Reply, Problem> {
    let presented = read_refresh_token(call.json().await?)?;
    let tokens = sessions::refresh(app, &presented).await?;
    Reply::ok(&tokens)
}

pub(super) async fn log_out<H: Host>(app: &App<H>, call: &Call) -> Result<Reply, Problem> {
    let caller = requests::caller(app, call).await?;
    sessions::log_out(app, &caller).await?;
    Ok(Reply::no_content())
}

pub(super) async fn log_out_everywhere<H: Host>(app: &App<H>, call: &Call) -> Result<Reply, Problem> {
    let caller = requests::caller(app, call).await?;
    sessions::log_out_everywhere(app, &caller).await?;
    Ok(Reply::no_content())
}

pub(super) async fn list<H: Host>(app: &App<H>, call: &Call) -> Result<Reply, Problem> {
    let page = requests::page(app, call, "sessions")?;
    let caller = requests::caller(app, call).await?;
    let listed = sessions::list(app, &caller, page).await?;
    requests::page_reply(app, "sessions", listed, |session| to_response(session, caller.session))
}

pub(super) async fn revoke<H: Host>(app: &App<H>, call: &Call) -> Result<Reply, Problem> {
    let caller = requests::caller(app, call).await?;
    sessions::revoke(app, &caller, call.id(0, "session")?).await?;
    Ok(Reply::no_content())
}

fn to_response(session: ListedSession, current: SessionId) -> SessionResponse {
    SessionResponse {
        id: session.id,
        current: session.id == current,
        user_agent: session.user_agent,
        ip: session.ip,
        created_at: session.created_at,
        last_used_at: session.last_used_at,
        expires_at: session.expires_at,
    }
}
