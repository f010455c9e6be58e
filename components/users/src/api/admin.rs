//! `/users` and `/users/{id}`, for admins only.

use identity::Role;
use kernel::{Timestamp, UserId};
use serde::Serialize;
use web::{Call, Problem, Reply};

use super::requests;
use crate::app::administration;
use crate::domain::account::Account;
use crate::domain::administration::AccountUpdate;
use crate::domain::limits::MAX_SEARCH_CHARACTERS;
use crate::{App, Host};

/// An account as admins see it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AccountResponse {
    id: UserId,
    email: String,
    email_verified: bool,
    full_name: String,
    role: Role,
    disabled: bool,
    disabled_at: Option<Timestamp>,
    created_at: Timestamp,
}

pub(super) async fn list<H: Host>(app: &App<H>, call: &Call) -> Result<Reply, Problem> {
    requests::admin(app, call).await?;
    let page = requests::page(app, call, "users")?;
    let search = search(call)?;
    let accounts = administration::list(app, search.as_deref(), page).await?;
    requests::page_reply(app, "users", accounts, to_response)
}

pub(super) async fn show<H: Host>(app: &App<H>, call: &Call) -> Result<Reply, Problem> {
    requests::admin(app, call).await?;
    to_reply(administration::find(app, id(call)?).await?)
}

pub(super) async fn update<H: Host>(app: &App<H>, mut call: Call) -> Result<Reply, Problem> {
    let admin = requests::admin(app, &call).await?;
    let update = AccountUpdate::read(call.json().await?)?;
    let expected = requests::expected_version(&call);
    to_reply(administration::update(app, &admin, id(&call)?, &expected, update).await?)
}

pub(super) async fn audit_log<H: Host>(app: &App<H>, call: &Call) -> Result<Reply, Problem> {
    requests::admin(app, call).await?;
    let page = requests::page(app, call, "entries")?;
    let entries = administration::audit_log(app, id(call)?, page).await?;
    requests::page_reply(app, "entries", entries, |entry| entry)
}

fn id(call: &Call) -> Result<UserId, Problem> {
    call.id(0, "user")
}

fn search(call: &Call) -> Result<Option<String>, Problem> {
    call.query().read("query", "must have at most 254 characters", |text| {
        (text.chars().count() <= MAX_SEARCH_CHARACTERS).then(|| text.to_owned())
    })
}

fn to_reply(account: Account) -> Result<Reply, Problem> {
    let version = account.version.to_string();
    Ok(Reply::ok(&to_response(account))?.tagged(&version))
}

fn to_response(account: Account) -> AccountResponse {
    AccountResponse {
        id: account.id,
        email: account.email,
        email_verified: account.email_verified,
        full_name: account.full_name,
        role: account.role,
        disabled: account.disabled_at.is_some(),
        disabled_at: account.disabled_at,
        created_at: account.created_at,
    }
}
