use capability::{Database, DbError, Statement};
use kernel::{AddressId, UserId};
use web::IfMatch;

use crate::domain::address::{Address, MAX_PER_ACCOUNT, NewAddress};
use crate::store::{Change, PageOf, change, optional, required};

/// The addresses of an account, oldest first.
///
/// # Errors
/// [`DbError`]
pub async fn list_addresses(db: &impl Database, user: UserId, page: PageOf) -> Result<Vec<Address>, DbError> {
    const LIST_ADDRESSES: Statement =
        Statement::repeatable("list_addresses", include_str!("../../sql/list_addresses.sql"));
    let params = [user.get().into(), page.after.into(), page.limit.into()];
    required(&LIST_ADDRESSES, db.query(&LIST_ADDRESSES, &params).await?)
}

/// An address of this account.
///
/// # Errors
/// [`DbError`]
pub async fn find_address(
    db: &impl Database,
    id: AddressId,
    user: UserId,
) -> Result<Option<Address>, DbError> {
    const FIND_ADDRESS: Statement =
        Statement::repeatable("find_address", include_str!("../../sql/find_address.sql"));
    optional(&FIND_ADDRESS, db.query(&FIND_ADDRESS, &[id.get().into(), user.get().into()]).await?)
}

/// Keeps an address: a new one, or `id` as it shall be from now on. A default takes the place of the former one.
///
/// # Errors
/// [`DbError`]
pub async fn save_address(
    db: &impl Database,
    user: UserId,
    id: Option<AddressId>,
    if_match: Option<&IfMatch>,
    address: &NewAddress,
) -> Result<Change<Address>, DbError> {
    const SAVE_ADDRESS: Statement =
        Statement::once("save_address", include_str!("../../sql/save_address.sql"));
    let versions = if_match.map(IfMatch::versions);
    let params = [
        user.get().into(),
        id.map(AddressId::get).into(),
        versions.as_deref().into(),
        MAX_PER_ACCOUNT.into(),
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

/// Removes an address.
///
/// # Errors
/// [`DbError`]
pub async fn delete_address(
    db: &impl Database,
    id: AddressId,
    user: UserId,
    if_match: Option<&IfMatch>,
) -> Result<Change<()>, DbError> {
    const DELETE_ADDRESS: Statement =
        Statement::once("delete_address", include_str!("../../sql/delete_address.sql"));
    let versions = if_match.map(IfMatch::versions);
    let params = [id.get().into(), user.get().into(), versions.as_deref().into()];
    Ok(match db.query(&DELETE_ADDRESS, &params).await?.as_deref() {
        None => Change::Absent,
        Some("stale") => Change::Stale,
        Some(_) => Change::Made(()),
    })
}
