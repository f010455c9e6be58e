//! What admins and reviewers write, and what admins read. Each write is a function of the database, which locks, checks and audits.

use capability::{Database, DbError, Param, Statement};
use kernel::{CategoryId, Limit, ProductId, UserId, VariantId};
use serde::Deserialize;
use serde_json::value::RawValue;
use web::IfMatch;

use crate::catalogue::Changes;
use crate::import::{Report, Row};
use crate::movement::NewMovement;
use crate::review::NewReview;
use crate::store::{Page, finished, page};

/// A write that no one else's is in the way of; repeating it would write twice.
macro_rules! once {
    ($name:literal) => {
        Statement::once($name, include_str!(concat!("../../sql/", $name, ".sql")))
    };
}

/// Why nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// What is to be changed is not there.
    #[error("it is not there")]
    Absent,
    /// It is another version than `If-Match` names.
    #[error("it is another version")]
    Stale,
    /// There is no such category.
    #[error("there is no such category")]
    CategoryAbsent,
    /// There is no such parent.
    #[error("there is no such parent")]
    ParentAbsent,
    /// The category would be below itself.
    #[error("the category would be below itself")]
    Circle,
    /// Something is in the category.
    #[error("something is in the category")]
    CategoryInUse,
    /// The price, or that of a variant, would be below nothing.
    #[error("the price would be negative")]
    PriceNegative,
    /// There are only so many units.
    #[error("there are only {0} units")]
    InsufficientStock(i64),
    /// More units than can be counted.
    #[error("more units than can be counted")]
    TooMuchStock,
    /// Another product has the SKU.
    #[error("another product has the SKU")]
    SkuTaken,
    /// Another variant of the product has the name.
    #[error("another variant has the name")]
    VariantNameTaken,
    /// Another category has the slug.
    #[error("another category has the slug")]
    SlugTaken,
    /// This person has reviewed the product already.
    #[error("there is a review of this person already")]
    AlreadyReviewed,
    /// The database failed.
    #[error(transparent)]
    Database(DbError),
}

impl From<DbError> for WriteError {
    fn from(error: DbError) -> Self {
        let violated = |name| error.is_constraint(name);
        match () {
            () if violated("products_sku_key") => Self::SkuTaken,
            () if violated("product_variants_name_key") => Self::VariantNameTaken,
            () if violated("categories_slug_key") => Self::SlugTaken,
            () if violated("product_reviews_one_each") => Self::AlreadyReviewed,
            () => Self::Database(error),
        }
    }
}

/// Runs a statement that answers `{outcome, value}`, and returns the value as it is.
async fn write(
    db: &impl Database,
    statement: &Statement,
    params: &[Param<'_>],
) -> Result<String, WriteError> {
    #[derive(Deserialize)]
    struct Row<'a> {
        outcome: &'a str,
        #[serde(borrow)]
        value: Option<&'a RawValue>,
    }
    let answer = finished(db, statement, params).await?;
    let row: Row<'_> = serde_json::from_str(&answer)
        .map_err(|error| DbError::Unexpected(format!("{}: {error}", statement.name)))?;
    let value = row.value.map(RawValue::get).unwrap_or_default();
    Err(match row.outcome {
        "made" => return Ok(value.to_owned()),
        "absent" => WriteError::Absent,
        "stale" => WriteError::Stale,
        "category-absent" => WriteError::CategoryAbsent,
        "parent-absent" => WriteError::ParentAbsent,
        "circle" => WriteError::Circle,
        "in-use" => WriteError::CategoryInUse,
        "price-negative" => WriteError::PriceNegative,
        "insufficient-stock" => WriteError::InsufficientStock(statement.decode(value)?),
        "too-much-stock" => WriteError::TooMuchStock,
        other => DbError::Unexpected(format!("{}: the outcome {other}", statement.name)).into(),
    })
}

/// A product as admins see it, whatever its status, as JSON.
///
/// # Errors
/// [`DbError`]
pub async fn find_administered_product(db: &impl Database, id: ProductId) -> Result<Option<String>, DbError> {
    let statement = Statement::repeatable(
        "find_administered_product",
        include_str!("../../sql/find_administered_product.sql"),
    );
    db.query(&statement, &[id.get().into()]).await
}

/// Adds a product; returns it as JSON.
///
/// # Errors
/// [`WriteError`]
pub async fn create_product(
    db: &impl Database,
    admin: UserId,
    product: &Changes,
) -> Result<String, WriteError> {
    let product = product.json();
    write(db, &once!("create_product"), &[admin.get().into(), (&product).into()]).await
}

/// Changes a product; returns it as JSON.
///
/// # Errors
/// [`WriteError`]
pub async fn change_product(
    db: &impl Database,
    admin: UserId,
    id: ProductId,
    if_match: Option<&IfMatch>,
    changes: &Changes,
) -> Result<String, WriteError> {
    let (versions, changes) = (if_match.map(IfMatch::versions), changes.json());
    let params = [admin.get().into(), id.get().into(), versions.as_deref().into(), (&changes).into()];
    write(db, &once!("change_product"), &params).await
}

/// Adds a variant to a product, or changes one; returns it as JSON.
///
/// # Errors
/// [`WriteError`]
pub async fn save_variant(
    db: &impl Database,
    admin: UserId,
    (product, id): (ProductId, Option<VariantId>),
    if_match: Option<&IfMatch>,
    changes: &Changes,
) -> Result<String, WriteError> {
    let (versions, changes) = (if_match.map(IfMatch::versions), changes.json());
    let params = [
        admin.get().into(),
        product.get().into(),
        id.map(VariantId::get).into(),
        versions.as_deref().into(),
        (&changes).into(),
    ];
    write(db, &once!("save_variant"), &params).await
}

/// Puts a variant away: it is not sold any more.
///
/// # Errors
/// [`WriteError`]
pub async fn archive_variant(
    db: &impl Database,
    admin: UserId,
    (product, id): (ProductId, VariantId),
    if_match: Option<&IfMatch>,
) -> Result<(), WriteError> {
    let versions = if_match.map(IfMatch::versions);
    let params = [admin.get().into(), product.get().into(), id.get().into(), versions.as_deref().into()];
    write(db, &once!("archive_variant"), &params).await.map(drop)
}

/// Adds a category, or changes one; returns it as JSON.
///
/// # Errors
/// [`WriteError`]
pub async fn save_category(
    db: &impl Database,
    admin: UserId,
    id: Option<CategoryId>,
    if_match: Option<&IfMatch>,
    changes: &Changes,
) -> Result<String, WriteError> {
    let (versions, changes) = (if_match.map(IfMatch::versions), changes.json());
    let params =
        [admin.get().into(), id.map(CategoryId::get).into(), versions.as_deref().into(), (&changes).into()];
    write(db, &once!("save_category"), &params).await
}

/// Removes a category that nothing is in.
///
/// # Errors
/// [`WriteError`]
pub async fn delete_category(
    db: &impl Database,
    admin: UserId,
    id: CategoryId,
    if_match: Option<&IfMatch>,
) -> Result<(), WriteError> {
    let versions = if_match.map(IfMatch::versions);
    let params = [admin.get().into(), id.get().into(), versions.as_deref().into()];
    write(db, &once!("delete_category"), &params).await.map(drop)
}

/// Moves stock; returns how many units there are now, as JSON.
///
/// # Errors
/// [`WriteError`]
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

/// Writes products by their SKUs: those that are not there are added, those that are others are changed. With
/// `is_dry_run` it only says what it would do.
///
/// # Errors
/// [`WriteError`]
pub async fn import_products(
    db: &impl Database,
    admin: UserId,
    rows: &[Row],
    is_dry_run: bool,
) -> Result<Report, WriteError> {
    const IMPORT_PRODUCTS: Statement =
        Statement::repeatable("import_products", include_str!("../../sql/import_products.sql"));
    let rows = serde_json::to_string(rows).map_err(|error| DbError::Unexpected(error.to_string()))?;
    let params = [admin.get().into(), (&rows).into(), is_dry_run.into()];
    let report = finished(db, &IMPORT_PRODUCTS, &params).await?;
    Ok(IMPORT_PRODUCTS.decode(&report)?)
}

/// A page of all products, as an import takes them.
///
/// # Errors
/// [`DbError`]
pub async fn export_products(
    db: &impl Database,
    after: Option<i64>,
    limit: i64,
) -> Result<Page<i64>, DbError> {
    let statement = Statement::repeatable("export_products", include_str!("../../sql/export_products.sql"));
    let answer = db.query(&statement, &[after.into(), limit.into()]).await?;
    let told = || DbError::Unexpected("export_products has no row".to_owned());
    page(&statement, answer)?.ok_or_else(told)
}

/// A page of a product's movements, newest first; `None` if there is no such product.
///
/// # Errors
/// [`DbError`]
pub async fn list_movements(
    db: &impl Database,
    product: ProductId,
    variant: Option<VariantId>,
    after: Option<i64>,
    limit: Limit,
) -> Result<Option<Page<i64>>, DbError> {
    let statement = Statement::repeatable("list_movements", include_str!("../../sql/list_movements.sql"));
    let params = [product.get().into(), variant.map(VariantId::get).into(), after.into(), limit.get().into()];
    page(&statement, db.query(&statement, &params).await?)
}

/// Writes a review; returns it as JSON.
///
/// # Errors
/// [`WriteError`]
pub async fn write_review(
    db: &impl Database,
    product: ProductId,
    (user, author): (UserId, &str),
    review: &NewReview,
    is_verified_purchase: bool,
) -> Result<String, WriteError> {
    let params = [
        product.get().into(),
        user.get().into(),
        author.into(),
        review.rating.into(),
        (&review.comment).into(),
        is_verified_purchase.into(),
    ];
    write(db, &once!("write_review"), &params).await
}

/// Removes a review: `author`'s own, or any if that is `None`. `false` if there is none.
///
/// # Errors
/// [`DbError`]
pub async fn delete_review(
    db: &impl Database,
    product: ProductId,
    review: i64,
    author: Option<UserId>,
) -> Result<bool, DbError> {
    let params = [product.get().into(), review.into(), author.map(UserId::get).into()];
    Ok(db.query(&once!("delete_review"), &params).await?.is_some())
}
