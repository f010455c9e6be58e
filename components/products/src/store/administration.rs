//! Products, variants and categories as admins write them. The database functions lock, check and audit.

use capability::{Database, DbError};
use kernel::{CategoryId, ExpectedVersion, ProductId, UserId, VariantId};

use super::write::{WriteError, write};
use crate::domain::changes::Changes;

/// Finds a product in any status, with the fields that only admins see.
pub async fn find_administered_product(db: &impl Database, id: ProductId) -> Result<Option<String>, DbError> {
    db.query(&repeatable!("find_administered_product"), &[id.get().into()]).await
}

/// Creates a product and returns it.
pub async fn create_product(
    db: &impl Database,
    admin: UserId,
    product: &Changes,
) -> Result<String, WriteError> {
    let product = product.to_json();
    write(db, &once!("create_product"), &[admin.get().into(), (&product).into()]).await
}

/// Changes a product and returns it.
pub async fn change_product(
    db: &impl Database,
    admin: UserId,
    id: ProductId,
    expected: &ExpectedVersion,
    changes: &Changes,
) -> Result<String, WriteError> {
    let (versions, changes) = (expected.as_param(), changes.to_json());
    let params = [admin.get().into(), id.get().into(), versions.as_deref().into(), (&changes).into()];
    write(db, &once!("change_product"), &params).await
}

/// Creates a variant (`id` is `None`) or changes one, and returns it.
pub async fn save_variant(
    db: &impl Database,
    admin: UserId,
    product: ProductId,
    id: Option<VariantId>,
    expected: &ExpectedVersion,
    changes: &Changes,
) -> Result<String, WriteError> {
    let (versions, changes) = (expected.as_param(), changes.to_json());
    let params = [
        admin.get().into(),
        product.get().into(),
        id.map(VariantId::get).into(),
        versions.as_deref().into(),
        (&changes).into(),
    ];
    write(db, &once!("save_variant"), &params).await
}

/// Archives a variant, which is then no longer sold.
pub async fn archive_variant(
    db: &impl Database,
    admin: UserId,
    product: ProductId,
    id: VariantId,
    expected: &ExpectedVersion,
) -> Result<(), WriteError> {
    let versions = expected.as_param();
    let params = [admin.get().into(), product.get().into(), id.get().into(), versions.as_deref().into()];
    write(db, &once!("archive_variant"), &params).await.map(drop)
}

/// Creates a category (`id` is `None`) or changes one, and returns it.
pub async fn save_category(
    db: &impl Database,
    admin: UserId,
    id: Option<CategoryId>,
    expected: &ExpectedVersion,
    changes: &Changes,
) -> Result<String, WriteError> {
    let (versions, changes) = (expected.as_param(), changes.to_json());
    let params =
        [admin.get().into(), id.map(CategoryId::get).into(), versions.as_deref().into(), (&changes).into()];
    write(db, &once!("save_category"), &params).await
}

/// Deletes a category without products and subcategories.
pub async fn delete_category(
    db: &impl Database,
    admin: UserId,
    id: CategoryId,
    expected: &ExpectedVersion,
) -> Result<(), WriteError> {
    let versions = expected.as_param();
    let params = [admin.get().into(), id.get().into(), versions.as_deref().into()];
    write(db, &once!("delete_category"), &params).await.map(drop)
}
