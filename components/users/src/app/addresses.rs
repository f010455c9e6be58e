//! The caller's own addresses.

use capability::DbError;
use kernel::AddressId;

use crate::app::authentication::Caller;
use crate::app::resource::{Resource, ResourceError, applied};
use crate::domain::address::{Address, NewAddress};
use crate::{App, Host, store};
use kernel::ExpectedVersion;
use kernel::page::{PageItems, PageRequest};

pub(crate) async fn list<H: Host>(
    app: &App<H>,
    caller: &Caller,
    page: &PageRequest<i64>,
) -> Result<PageItems<Address, i64>, DbError> {
    store::list_addresses(&app.host, caller.id(), page).await
}

pub(crate) async fn find<H: Host>(
    app: &App<H>,
    caller: &Caller,
    id: AddressId,
) -> Result<Address, ResourceError> {
    let address = store::find_address(&app.host, id, caller.id()).await?;
    address.ok_or(ResourceError::NotFound(Resource::Address))
}

pub(crate) async fn add<H: Host>(
    app: &App<H>,
    caller: &Caller,
    address: &NewAddress,
) -> Result<Address, ResourceError> {
    let any = ExpectedVersion::Any;
    let change = store::save_address(&app.host, caller.id(), None, &any, address).await?;
    applied(change, Resource::Address)
}

pub(crate) async fn replace<H: Host>(
    app: &App<H>,
    caller: &Caller,
    id: AddressId,
    expected: &ExpectedVersion,
    address: &NewAddress,
) -> Result<Address, ResourceError> {
    let change = store::save_address(&app.host, caller.id(), Some(id), expected, address).await?;
    applied(change, Resource::Address)
}

pub(crate) async fn remove<H: Host>(
    app: &App<H>,
    caller: &Caller,
    id: AddressId,
    expected: &ExpectedVersion,
) -> Result<(), ResourceError> {
    let change = store::delete_address(&app.host, id, caller.id(), expected).await?;
    applied(change, Resource::Address)
}
