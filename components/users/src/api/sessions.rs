//! Registration, login, refresh and logout, and `/users/me/sessions`.

use kernel::{SessionId, Timestamp};
use serde::Serialize;
use web::rate_limit::add_headers;
use web::{Call, Problem, Reply};

use super::problems::rate_limit;
use super::requests;
use crate::app::{login, registration, sessions};
use crate::domain::credentials::{Login, Registration, read_refresh_token};
use crate::domain::session::ListedSession;
use crate::{App, Host};

/// A session as its owner sees it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SessionResponse<'a> {
    id: SessionId,
    current: bool,
    user_agent: Option<&'a str>,
    ip: Option<&'a str>,
    created_at: Timestamp,
    last_used_at: Timestamp,
    expires_at: Timestamp,
}

pub(super) async fn register<H: Host>(app: &App<H>, mut call: Call) -> Result<Reply, Problem> {
    let registration = Registration::read(call.json().await?)?;
    let client = requests::client(&call);
    let admitted = registration::admit(app, registration, &client).await?;
    let admission = admitted.admission;
    let tokens = admitted.register(&client).await.map_err(Problem::from);
    let created = |reply: Reply| reply.created_at("/users/me");
    add_headers(tokens.and_then(|tokens| Reply::ok(&tokens)).map(created), &rate_limit(&admission))
}

pub(super) async fn log_in<H: Host>(app: &App<H>, mut call: Call) -> Result<Reply, Problem> {
    let login = Login::read(call.json().await?)?;
    let client = requests::client(&call);
    let admitted = login::admit(app, login, &client).await?;
    let admission = admitted.admission;
    let tokens = admitted.log_in(&client).await.map_err(Problem::from);
    add_headers(tokens.and_then(|tokens| Reply::ok(&tokens)), &rate_limit(&admission))
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
    let request = call.page("sessions", "")?;
    let caller = requests::caller(app, call).await?;
    let sessions = sessions::list(app, &caller, &request).await?;
    let page = sessions.to_page(|session| to_response(session, caller.session));
    Reply::page(call, "sessions", "", &page.map_err(Problem::internal)?)
}

pub(super) async fn revoke<H: Host>(app: &App<H>, call: &Call) -> Result<Reply, Problem> {
    let caller = requests::caller(app, call).await?;
    sessions::revoke(app, &caller, call.id("id", "session")?).await?;
    Ok(Reply::no_content())
}

fn to_response(session: &ListedSession, current: SessionId) -> SessionResponse<'_> {
    SessionResponse {
        id: session.id,
        current: session.id == current,
        user_agent: session.user_agent.as_deref(),
        ip: session.ip.as_deref(),
        created_at: session.created_at,
        last_used_at: session.last_used_at,
        expires_at: session.expires_at,
    }
}
