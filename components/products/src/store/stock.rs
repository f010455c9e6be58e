//! The stock and its ledger.

use capability::{Database, DbError};
use kernel::page::{Page, PageRequest};
use kernel::{ProductId, UserId, VariantId};

use super::row::{one, page};
use super::write::{WriteError, write};
use crate::domain::movement::NewMovement;

/// Finds the stock of an active product or of one of its variants.
pub async fn find_stock(
    db: &impl Database,
    product: ProductId,
    variant: Option<VariantId>,
) -> Result<Option<String>, DbError> {
    db.query(&repeatable!("find_stock"), &[product.get().into(), variant.map(VariantId::get).into()]).await
}

/// Writes a movement and returns the new quantity.
pub async fn adjust_stock(
    db: &impl Database,
    admin: UserId,
    product: ProductId,
    movement: &NewMovement,
) -> Result<String, WriteError> {
    let params = [
        admin.get().into(),
        product.get().into(),
        movement.variant.map(VariantId::get).into(),
        movement.quantity_change.into(),
        movement.movement_type.into(),
        movement.notes.as_deref().into(),
    ];
    write(db, &once!("adjust_stock"), &params).await
}

/// Lists a page of the movements of a product, newest first. Returns `None` if there is no such product.
pub async fn list_movements(
    db: &impl Database,
    product: ProductId,
    variant: Option<VariantId>,
    request: &PageRequest<i64>,
) -> Result<Option<Page>, DbError> {
    let params = [
        product.get().into(),
        variant.map(VariantId::get).into(),
        request.after.into(),
        request.limit.get().into(),
    ];
    page(db, &repeatable!("list_movements"), &params).await
}

/// Lists the products and variants whose stock differs from the sum of their movements.
pub async fn check_ledger(db: &impl Database) -> Result<String, DbError> {
    one(db, &repeatable!("check_ledger"), &[]).await
}
