//! `/users/me`

use web::{Call, Problem, Reply};

use super::requests;
use crate::app::accounts;
use crate::domain::account::{Account, read_full_name};
use crate::domain::credentials::{PasswordChange, read_password};
use crate::{App, Host};

pub(super) async fn show<H: Host>(app: &App<H>, call: &Call) -> Result<Reply, Problem> {
    to_reply(&requests::caller(app, call).await?.account)
}

pub(super) async fn rename<H: Host>(app: &App<H>, mut call: Call) -> Result<Reply, Problem> {
    let caller = requests::caller(app, &call).await?;
    let full_name = read_full_name(call.json().await?)?;
    let expected = call.expected_version();
    to_reply(&accounts::rename(app, &caller, &expected, &full_name).await?)
}

pub(super) async fn erase<H: Host>(app: &App<H>, mut call: Call) -> Result<Reply, Problem> {
    let caller = requests::caller(app, &call).await?;
    let password = read_password(call.json().await?)?;
    accounts::erase(app, &caller, &password).await?;
    Ok(Reply::no_content())
}

pub(super) async fn change_password<H: Host>(app: &App<H>, mut call: Call) -> Result<Reply, Problem> {
    let caller = requests::caller(app, &call).await?;
    let change = PasswordChange::read(call.json().await?)?;
    accounts::change_password(app, &caller, &change).await?;
    Ok(Reply::no_content())
}

pub(super) async fn export<H: Host>(app: &App<H>, call: &Call) -> Result<Reply, Problem> {
    let caller = requests::caller(app, call).await?;
    Ok(Reply::from_json(accounts::export(app, &caller).await?))
}

fn to_reply(account: &Account) -> Result<Reply, Problem> {
    Ok(Reply::ok(account)?.with_etag(&account.version.to_string()))
}
