//! `/users/me/addresses`

use kernel::AddressId;
use web::{Call, Problem, Reply};

use super::requests;
use crate::app::addresses;
use crate::domain::address::{Address, NewAddress};
use crate::{App, Host};

pub(super) async fn list<H: Host>(app: &App<H>, call: &Call) -> Result<Reply, Problem> {
    let request = call.page("addresses", "")?;
    let caller = requests::caller(app, call).await?;
    let addresses = addresses::list(app, &caller, &request).await?;
    let page = addresses.to_page(|address| address).map_err(Problem::internal)?;
    Reply::page(call, "addresses", "", &page)
}

pub(super) async fn add<H: Host>(app: &App<H>, mut call: Call) -> Result<Reply, Problem> {
    let caller = requests::caller(app, &call).await?;
    let address = NewAddress::read(call.json().await?)?;
    let saved = addresses::add(app, &caller, &address).await?;
    Ok(to_reply(&saved)?.created_at(&format!("/users/me/addresses/{}", saved.id)))
}

pub(super) async fn show<H: Host>(app: &App<H>, call: &Call) -> Result<Reply, Problem> {
    let caller = requests::caller(app, call).await?;
    to_reply(&addresses::find(app, &caller, id(call)?).await?)
}

pub(super) async fn replace<H: Host>(app: &App<H>, mut call: Call) -> Result<Reply, Problem> {
    let caller = requests::caller(app, &call).await?;
    let address = NewAddress::read(call.json().await?)?;
    let expected = call.expected_version();
    to_reply(&addresses::replace(app, &caller, id(&call)?, &expected, &address).await?)
}

pub(super) async fn remove<H: Host>(app: &App<H>, call: &Call) -> Result<Reply, Problem> {
    let caller = requests::caller(app, call).await?;
    addresses::remove(app, &caller, id(call)?, &call.expected_version()).await?;
    Ok(Reply::no_content())
}

fn id(call: &Call) -> Result<AddressId, Problem> {
    call.id("id", "address")
}

fn to_reply(address: &Address) -> Result<Reply, Problem> {
    Ok(Reply::ok(address)?.with_etag(&address.version.to_string()))
}
