//! `/users` and `/users/{id}`, for admins only.

use identity::Role;
use kernel::{Timestamp, UserId};
use serde::Serialize;
use web::{Call, Problem, Query, Reply};

use super::requests;
use crate::app::administration;
use crate::domain::account::Account;
use crate::domain::administration::AccountUpdate;
use crate::domain::limits::MAX_SEARCH_CHARACTERS;
use crate::{App, Host};

/// An account as admins see it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AccountResponse<'a> {
    id: UserId,
    email: &'a str,
    email_verified: bool,
    full_name: &'a str,
    role: Role,
    disabled: bool,
    disabled_at: Option<Timestamp>,
    created_at: Timestamp,
}

pub(super) async fn list<H: Host>(app: &App<H>, call: &Call) -> Result<Reply, Problem> {
    requests::admin(app, call).await?;
    let query = call.query();
    let filter = query.get("query");
    let request = call.page("users", &filter)?;
    let search = search(&query)?;
    let accounts = administration::list(app, search.as_deref(), &request).await?;
    let page = accounts.to_page(to_response).map_err(Problem::internal)?;
    Reply::page(call, "users", &filter, &page)
}

pub(super) async fn show<H: Host>(app: &App<H>, call: &Call) -> Result<Reply, Problem> {
    requests::admin(app, call).await?;
    to_reply(&administration::find(app, id(call)?).await?)
}

pub(super) async fn update<H: Host>(app: &App<H>, mut call: Call) -> Result<Reply, Problem> {
    let admin = requests::admin(app, &call).await?;
    let update = AccountUpdate::read(call.json().await?)?;
    let expected = call.expected_version();
    to_reply(&administration::update(app, &admin, id(&call)?, &expected, update).await?)
}

pub(super) async fn audit_log<H: Host>(app: &App<H>, call: &Call) -> Result<Reply, Problem> {
    requests::admin(app, call).await?;
    let user = call.param("id");
    let request = call.page("entries", user)?;
    let entries = administration::audit_log(app, id(call)?, &request).await?;
    let page = entries.to_page(|entry| entry).map_err(Problem::internal)?;
    Reply::page(call, "entries", user, &page)
}

fn id(call: &Call) -> Result<UserId, Problem> {
    call.id("id", "user")
}

fn search(query: &Query) -> Result<Option<String>, Problem> {
    query.read("query", "must have at most 254 characters", |text| {
        (text.chars().count() <= MAX_SEARCH_CHARACTERS).then(|| text.to_owned())
    })
}

fn to_reply(account: &Account) -> Result<Reply, Problem> {
    Ok(Reply::ok(&to_response(account))?.with_etag(&account.version.to_string()))
}

fn to_response(account: &Account) -> AccountResponse<'_> {
    AccountResponse {
        id: account.id,
        email: &account.email,
        email_verified: account.email_verified,
        full_name: &account.full_name,
        role: account.role,
        disabled: account.disabled_at.is_some(),
        disabled_at: account.disabled_at,
        created_at: account.created_at,
    }
}
