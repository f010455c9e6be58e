//! One's own account.

use web::{Call, Problem, Reply};

use super::{caller, changed, passwords};
use crate::domain::account::{Account, PasswordChange, read_full_name, read_password};
use crate::store::{self, Erasure, Rule};
use crate::{App, Host};

pub(super) async fn me<H: Host>(app: &App<H>, call: &Call) -> Result<Reply, Problem> {
    show(&caller::identified(app, call).await?.account)
}

pub(super) async fn rename<H: Host>(app: &App<H>, mut call: Call) -> Result<Reply, Problem> {
    let caller = caller::identified(app, &call).await?;
    let full_name = read_full_name(call.json().await?)?;
    let change = store::rename_account(&app.host, caller.id(), call.if_match().as_ref(), &full_name).await?;
    show(&changed(change, "account")?)
}

pub(super) async fn erase<H: Host>(app: &App<H>, mut call: Call) -> Result<Reply, Problem> {
    let caller = caller::identified(app, &call).await?;
    let password = read_password(call.json().await?)?;
    let proven = passwords::turn(app).await?.prove(caller.id(), &password).await?;
    match store::erase_account(&app.host, caller.id(), proven.password_version).await? {
        Erasure::Erased => Ok(Reply::no_content()),
        Erasure::Refused => Err(passwords::wrong_password()),
        Erasure::LastAdmin => Err(Rule::OneAdminAtLeast.into()),
    }
}

pub(super) async fn change_password<H: Host>(app: &App<H>, mut call: Call) -> Result<Reply, Problem> {
    let caller = caller::identified(app, &call).await?;
    let change = PasswordChange::read(call.json().await?)?;
    let mut turn = passwords::turn(app).await?;
    let proven = turn.prove(caller.id(), &change.current).await?;
    let hash = turn.hash(&change.new)?;
    let version = proven.password_version;
    if store::change_password(&app.host, caller.id(), caller.session, version, &hash).await? {
        Ok(Reply::no_content())
    } else {
        // Somebody changed it between the two statements.
        Err(passwords::wrong_password())
    }
}

pub(super) async fn export<H: Host>(app: &App<H>, call: &Call) -> Result<Reply, Problem> {
    let caller = caller::identified(app, call).await?;
    let export = store::export_account(&app.host, caller.id()).await?;
    export.map(Reply::finished).ok_or_else(|| Problem::not_found("account"))
}

fn show(account: &Account) -> Result<Reply, Problem> {
    Ok(Reply::ok(account)?.tagged(&account.version.to_string()))
}
