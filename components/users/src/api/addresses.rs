//! One's own addresses.

use kernel::AddressId;
use web::{Call, Problem, Reply};

use super::{caller, changed, page, page_of};
use crate::domain::address::{Address, NewAddress};
use crate::{App, Host, store};

pub(super) async fn list<H: Host>(app: &App<H>, call: &Call) -> Result<Reply, Problem> {
    let wanted = page_of(app, call, "addresses")?;
    let caller = caller::identified(app, call).await?;
    let rows = store::list_addresses(&app.host, caller.id(), wanted).await?;
    page(app, "addresses", wanted, rows, |row| row.id.get(), |row| row)
}

pub(super) async fn add<H: Host>(app: &App<H>, mut call: Call) -> Result<Reply, Problem> {
    let caller = caller::identified(app, &call).await?;
    let address = NewAddress::read(call.json().await?)?;
    let change = store::save_address(&app.host, caller.id(), None, None, &address).await?;
    let saved = changed(change, "address")?;
    Ok(shown(&saved)?.created_at(&format!("/users/me/addresses/{}", saved.id)))
}

pub(super) async fn show<H: Host>(app: &App<H>, call: &Call) -> Result<Reply, Problem> {
    let caller = caller::identified(app, call).await?;
    let found = store::find_address(&app.host, id(call)?, caller.id()).await?;
    shown(&found.ok_or_else(|| Problem::not_found("address"))?)
}

pub(super) async fn change<H: Host>(app: &App<H>, mut call: Call) -> Result<Reply, Problem> {
    let caller = caller::identified(app, &call).await?;
    let address = NewAddress::read(call.json().await?)?;
    let if_match = call.if_match();
    let change =
        store::save_address(&app.host, caller.id(), Some(id(&call)?), if_match.as_ref(), &address).await?;
    shown(&changed(change, "address")?)
}

pub(super) async fn remove<H: Host>(app: &App<H>, call: &Call) -> Result<Reply, Problem> {
    let caller = caller::identified(app, call).await?;
    let change = store::delete_address(&app.host, id(call)?, caller.id(), call.if_match().as_ref()).await?;
    changed(change, "address").map(|()| Reply::no_content())
}

fn id(call: &Call) -> Result<AddressId, Problem> {
    call.id(0, "address")
}

fn shown(address: &Address) -> Result<Reply, Problem> {
    Ok(Reply::ok(address)?.tagged(&address.version.to_string()))
}
