//! What only admins may do. The role is asked of the database each time.

use kernel::UserId;
use web::{Call, Problem, Reply};

use super::{caller, changed, page, page_of};
use crate::domain::account::Account;
use crate::domain::administration::{AdministeredAccount, Administration, pattern};
use crate::{App, Host, store};

pub(super) async fn list<H: Host>(app: &App<H>, call: &Call) -> Result<Reply, Problem> {
    caller::admin(app, call).await?;
    let wanted = page_of(app, call, "users")?;
    let sought = call.query().read("query", "must have at most 254 characters", |text| {
        (text.chars().count() <= 254).then(|| pattern(text))
    })?;
    let rows = store::list_accounts(&app.host, sought.as_deref(), wanted).await?;
    page(app, "users", wanted, rows, |row| row.id.get(), AdministeredAccount::from)
}

pub(super) async fn show<H: Host>(app: &App<H>, call: &Call) -> Result<Reply, Problem> {
    caller::admin(app, call).await?;
    let found = store::find_account(&app.host, id(call)?).await?;
    shown(found.ok_or_else(|| Problem::not_found("user"))?)
}

pub(super) async fn administer<H: Host>(app: &App<H>, mut call: Call) -> Result<Reply, Problem> {
    let admin = caller::admin(app, &call).await?;
    let wanted = Administration::read(call.json().await?)?;
    let if_match = call.if_match();
    let change =
        store::administer_account(&app.host, admin.id(), id(&call)?, if_match.as_ref(), wanted).await?;
    shown(changed(change, "user")?)
}

pub(super) async fn audit_log<H: Host>(app: &App<H>, call: &Call) -> Result<Reply, Problem> {
    caller::admin(app, call).await?;
    let wanted = page_of(app, call, "entries")?;
    let user = id(call)?;
    let rows = store::list_audit_log(&app.host, user, wanted).await?;
    if rows.is_empty() && store::find_account(&app.host, user).await?.is_none() {
        return Err(Problem::not_found("user"));
    }
    page(app, "entries", wanted, rows, |row| row.id, |row| row)
}

fn id(call: &Call) -> Result<UserId, Problem> {
    call.id(0, "user")
}

fn shown(account: Account) -> Result<Reply, Problem> {
    let version = account.version.to_string();
    Ok(Reply::ok(&AdministeredAccount::from(account))?.tagged(&version))
}
