use capability::{Database, DbError, Statement};
use kernel::{AddressId, UserId};

use crate::domain::address::{Address, NewAddress};
use crate::domain::limits::MAX_ADDRESSES_PER_ACCOUNT;
use crate::store::{Change, change, list_page, optional};
use kernel::ExpectedVersion;
use kernel::page::{PageItems, PageRequest};

/// Returns the addresses of an account, oldest first.
pub async fn list_addresses(
    db: &impl Database,
    user: UserId,
    page: &PageRequest<i64>,
) -> Result<PageItems<Address, i64>, DbError> {
    const LIST_ADDRESSES: Statement =
        Statement::repeatable("list_addresses", include_str!("../../sql/list_addresses.sql"));
    let params = [user.get().into(), page.after.into(), page.limit.get().into()];
    list_page(&LIST_ADDRESSES, db.query(&LIST_ADDRESSES, &params).await?)
}

pub async fn find_address(
    db: &impl Database,
    id: AddressId,
    user: UserId,
) -> Result<Option<Address>, DbError> {
    const FIND_ADDRESS: Statement =
        Statement::repeatable("find_address", include_str!("../../sql/find_address.sql"));
    optional(&FIND_ADDRESS, db.query(&FIND_ADDRESS, &[id.get().into(), user.get().into()]).await?)
}

/// Inserts an address, or replaces the address `id`. A new default address clears the previous default of its type.
pub async fn save_address(
    db: &impl Database,
    user: UserId,
    id: Option<AddressId>,
    expected: &ExpectedVersion,
    address: &NewAddress,
) -> Result<Change<Address>, DbError> {
    const SAVE_ADDRESS: Statement =
        Statement::once("save_address", include_str!("../../sql/save_address.sql"));
    let versions = expected.as_param();
    let params = [
        user.get().into(),
        id.map(AddressId::get).into(),
        versions.as_deref().into(),
        MAX_ADDRESSES_PER_ACCOUNT.into(),
        address.address_type.as_str().into(),
        (&address.street_address).into(),
        (&address.city).into(),
        address.region.as_deref().into(),
        address.postal_code.as_deref().into(),
        address.country.as_str().into(),
        address.is_default.into(),
    ];
    change(&SAVE_ADDRESS, db.query(&SAVE_ADDRESS, &params).await?)
}

pub async fn delete_address(
    db: &impl Database,
    id: AddressId,
    user: UserId,
    expected: &ExpectedVersion,
) -> Result<Change<()>, DbError> {
    const DELETE_ADDRESS: Statement =
        Statement::once("delete_address", include_str!("../../sql/delete_address.sql"));
    let versions = expected.as_param();
    let params = [id.get().into(), user.get().into(), versions.as_deref().into()];
    Ok(match db.query(&DELETE_ADDRESS, &params).await?.as_deref() {
        None => Change::NotFound,
        Some("stale") => Change::StaleVersion,
        Some(_) => Change::Applied(()),
    })
}
