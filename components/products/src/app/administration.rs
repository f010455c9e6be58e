//! Products, variants and categories as admins write them.

use capability::{Database, DbError};
use kernel::{CategoryId, ExpectedVersion, ProductId, UserId, VariantId};
use serde::Deserialize;

use crate::domain::changes::Changes;
use crate::domain::rejection::Rejection;
use crate::store::{self, WriteError};

pub use crate::store::archive_variant;

/// A resource as an admin reads and writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    pub json: String,
    pub id: i64,
    /// Categories only.
    pub slug: Option<String>,
    pub version: i64,
}

impl Resource {
    fn from_json(json: String) -> Result<Self, DbError> {
        #[derive(Deserialize)]
        struct Fields {
            id: i64,
            slug: Option<String>,
            version: i64,
        }
        let Fields { id, slug, version } =
            serde_json::from_str(&json).map_err(|error| DbError::Unexpected(error.to_string()))?;
        Ok(Self { json, id, slug, version })
    }
}

/// Finds a product in any status.
pub async fn find_product(db: &impl Database, id: ProductId) -> Result<Option<Resource>, DbError> {
    store::find_administered_product(db, id).await?.map(Resource::from_json).transpose()
}

pub async fn create_product(
    db: &impl Database,
    admin: UserId,
    product: &Changes,
) -> Result<Resource, WriteError> {
    Ok(Resource::from_json(store::create_product(db, admin, product).await?)?)
}

pub async fn change_product(
    db: &impl Database,
    admin: UserId,
    id: ProductId,
    expected: &ExpectedVersion,
    changes: &Changes,
) -> Result<Resource, WriteError> {
    Ok(Resource::from_json(store::change_product(db, admin, id, expected, changes).await?)?)
}

/// Archives a product. Products are never deleted, because orders refer to them.
pub async fn archive_product(
    db: &impl Database,
    admin: UserId,
    id: ProductId,
    expected: &ExpectedVersion,
) -> Result<(), WriteError> {
    store::change_product(db, admin, id, expected, &Changes::archived()).await.map(drop)
}

pub async fn add_variant(
    db: &impl Database,
    admin: UserId,
    product: ProductId,
    variant: &Changes,
) -> Result<Resource, WriteError> {
    let json = store::save_variant(db, admin, product, None, &ExpectedVersion::Any, variant).await?;
    Ok(Resource::from_json(json)?)
}

pub async fn change_variant(
    db: &impl Database,
    admin: UserId,
    product: ProductId,
    id: VariantId,
    expected: &ExpectedVersion,
    changes: &Changes,
) -> Result<Resource, WriteError> {
    let json = store::save_variant(db, admin, product, Some(id), expected, changes).await?;
    Ok(Resource::from_json(json)?)
}

pub async fn add_category(
    db: &impl Database,
    admin: UserId,
    category: &Changes,
) -> Result<Resource, WriteError> {
    let json = store::save_category(db, admin, None, &ExpectedVersion::Any, category).await?;
    Ok(Resource::from_json(json)?)
}

/// Changes the category with this id or slug.
pub async fn change_category(
    db: &impl Database,
    admin: UserId,
    key: &str,
    expected: &ExpectedVersion,
    changes: &Changes,
) -> Result<Resource, WriteError> {
    let id = find_category(db, key).await?;
    Ok(Resource::from_json(store::save_category(db, admin, Some(id), expected, changes).await?)?)
}

/// Deletes the category with this id or slug. It must have no products and no subcategories.
pub async fn delete_category(
    db: &impl Database,
    admin: UserId,
    key: &str,
    expected: &ExpectedVersion,
) -> Result<(), WriteError> {
    let id = find_category(db, key).await?;
    store::delete_category(db, admin, id, expected).await
}

/// Finds a category by its id or its slug. A slug of digits only is read as an id.
async fn find_category(db: &impl Database, key: &str) -> Result<CategoryId, WriteError> {
    #[derive(Deserialize)]
    struct Categories {
        categories: Vec<Category>,
    }
    #[derive(Deserialize)]
    struct Category {
        id: CategoryId,
    }
    if let Some(id) = CategoryId::parse(key) {
        return Ok(id);
    }
    let found = store::list_categories(db, Some(key)).await?;
    let found: Categories =
        serde_json::from_str(&found).map_err(|error| DbError::Unexpected(error.to_string()))?;
    Ok(found.categories.first().ok_or(Rejection::Absent)?.id)
}
