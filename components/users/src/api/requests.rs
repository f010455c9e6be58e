//! What several routes read from a request.

use serde::Serialize;
use web::{Call, Problem, Reply, page_json};

use crate::app::authentication::{Caller, authenticate};
use crate::domain::client::Client;
use crate::domain::page::{ListPage, PageRequest};
use crate::domain::version::ExpectedVersion;
use crate::{App, Host};

pub(super) async fn caller<H: Host>(app: &App<H>, call: &Call) -> Result<Caller, Problem> {
    Ok(authenticate(app, call.bearer()?).await?)
}

pub(super) async fn admin<H: Host>(app: &App<H>, call: &Call) -> Result<Caller, Problem> {
    Ok(caller(app, call).await?.require_admin()?)
}

pub(super) fn client<H>(app: &App<H>, call: &Call) -> Client {
    let user_agent = call.headers.get(http::header::USER_AGENT).and_then(|value| value.to_str().ok());
    Client {
        address: call.client_address(app.config.trusted_hops),
        user_agent: user_agent.map(str::to_owned),
    }
}

pub(super) fn expected_version(call: &Call) -> ExpectedVersion {
    match call.if_match() {
        Some(versions) => ExpectedVersion::OneOf(versions.versions()),
        None => ExpectedVersion::Any,
    }
}

/// Reads the page that the client requests. The cursor names its list, so that a cursor of another list is rejected.
pub(super) fn page<H>(app: &App<H>, call: &Call, list: &str) -> Result<PageRequest, Problem> {
    let query = call.query();
    let limit = query.limit()?;
    let cursor: Option<(String, i64)> = query.cursor(&app.config.cursors)?;
    match cursor {
        Some((of, after)) if of == list => Ok(PageRequest { after: Some(after), limit }),
        Some(_) => Err(Problem::invalid_parameter("cursor", "is the nextCursor of another list")),
        None => Ok(PageRequest { after: None, limit }),
    }
}

/// Returns a page in its envelope.
pub(super) fn page_reply<H, R, T: Serialize>(
    app: &App<H>,
    list: &str,
    page: ListPage<R>,
    to_response: impl Fn(R) -> T,
) -> Result<Reply, Problem> {
    let next = app.config.cursors.next(page.next.map(|next| (list, next)));
    let items: Vec<T> = page.items.into_iter().map(to_response).collect();
    let items = serde_json::to_string(&items).map_err(Problem::internal)?;
    Ok(Reply::finished(page_json(list, &items, next, "")))
}
