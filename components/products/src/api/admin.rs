//! What admins write into the catalogue. The role is asked of the users service each time.

use kernel::{CategoryId, ProductId, VariantId};
use serde::Deserialize;
use web::{Call, Problem, Reply};

use super::refusals::refused;
use crate::catalogue::{self, Changes};
use crate::{App, Host, store};

pub(super) async fn create_product<H: Host>(app: &App<H>, mut call: Call) -> Result<Reply, Problem> {
    let admin = app.config.identification.admin(&app.host, &call).await?;
    let product = catalogue::read_new_product(call.json().await?)?;
    let made = store::create_product(&app.host, admin.user, &product).await;
    created("/products", made.map_err(|error| refused(error, "product"))?)
}

pub(super) async fn change_product<H: Host>(app: &App<H>, mut call: Call) -> Result<Reply, Problem> {
    let admin = app.config.identification.admin(&app.host, &call).await?;
    let changes = catalogue::read_product_change(call.json().await?)?;
    let id: ProductId = call.id(0, "product")?;
    let changed = store::change_product(&app.host, admin.user, id, call.if_match().as_ref(), &changes).await;
    shown(changed.map_err(|error| refused(error, "product"))?)
}

/// A product is never deleted: orders refer to it.
pub(super) async fn archive_product<H: Host>(app: &App<H>, call: &Call) -> Result<Reply, Problem> {
    let admin = app.config.identification.admin(&app.host, call).await?;
    let id: ProductId = call.id(0, "product")?;
    let if_match = call.if_match();
    let changed =
        store::change_product(&app.host, admin.user, id, if_match.as_ref(), &Changes::archived()).await;
    changed.map(|_| Reply::no_content()).map_err(|error| refused(error, "product"))
}

pub(super) async fn add_variant<H: Host>(app: &App<H>, mut call: Call) -> Result<Reply, Problem> {
    let admin = app.config.identification.admin(&app.host, &call).await?;
    let variant = catalogue::read_new_variant(call.json().await?)?;
    let product: ProductId = call.id(0, "product")?;
    let made = store::save_variant(&app.host, admin.user, (product, None), None, &variant).await;
    created(&format!("/products/{product}/variants"), made.map_err(|error| refused(error, "product"))?)
}

pub(super) async fn change_variant<H: Host>(app: &App<H>, mut call: Call) -> Result<Reply, Problem> {
    let admin = app.config.identification.admin(&app.host, &call).await?;
    let changes = catalogue::read_variant_change(call.json().await?)?;
    let (product, id) = variant(&call)?;
    let if_match = call.if_match();
    let changed =
        store::save_variant(&app.host, admin.user, (product, Some(id)), if_match.as_ref(), &changes).await;
    shown(changed.map_err(|error| refused(error, "variant"))?)
}

pub(super) async fn archive_variant<H: Host>(app: &App<H>, call: &Call) -> Result<Reply, Problem> {
    let admin = app.config.identification.admin(&app.host, call).await?;
    let archived =
        store::archive_variant(&app.host, admin.user, variant(call)?, call.if_match().as_ref()).await;
    archived.map(|()| Reply::no_content()).map_err(|error| refused(error, "variant"))
}

pub(super) async fn add_category<H: Host>(app: &App<H>, mut call: Call) -> Result<Reply, Problem> {
    let admin = app.config.identification.admin(&app.host, &call).await?;
    let category = catalogue::read_new_category(call.json().await?)?;
    let made = store::save_category(&app.host, admin.user, None, None, &category).await;
    let made = made.map_err(|error| refused(error, "category"))?;
    let Slug { slug } = serde_json::from_str(&made).map_err(Problem::internal)?;
    Ok(shown(made)?.created_at(&format!("/products/categories/{slug}")))
}

pub(super) async fn change_category<H: Host>(app: &App<H>, mut call: Call) -> Result<Reply, Problem> {
    let admin = app.config.identification.admin(&app.host, &call).await?;
    let changes = catalogue::read_category_change(call.json().await?)?;
    let id = category(app, &call).await?;
    let if_match = call.if_match();
    let changed = store::save_category(&app.host, admin.user, Some(id), if_match.as_ref(), &changes).await;
    shown(changed.map_err(|error| refused(error, "category"))?)
}

pub(super) async fn delete_category<H: Host>(app: &App<H>, call: &Call) -> Result<Reply, Problem> {
    let admin = app.config.identification.admin(&app.host, call).await?;
    let id = category(app, call).await?;
    let deleted = store::delete_category(&app.host, admin.user, id, call.if_match().as_ref()).await;
    deleted.map(|()| Reply::no_content()).map_err(|error| refused(error, "category"))
}

#[derive(Deserialize)]
struct Slug {
    slug: String,
}

#[derive(Deserialize)]
struct Written {
    id: i64,
}

#[derive(Deserialize)]
struct Versioned {
    version: i64,
}

fn variant(call: &Call) -> Result<(ProductId, VariantId), Problem> {
    Ok((call.id(0, "product")?, call.id(1, "variant")?))
}

/// A category by its id or its slug: a slug of digits only is read as an id.
async fn category<H: Host>(app: &App<H>, call: &Call) -> Result<CategoryId, Problem> {
    #[derive(Deserialize)]
    struct Categories {
        categories: Vec<Category>,
    }
    #[derive(Deserialize)]
    struct Category {
        id: CategoryId,
    }
    let named = call.params.get(0);
    if let Some(id) = CategoryId::parse(named) {
        return Ok(id);
    }
    let found = store::list_categories(&app.host, Some(named)).await?;
    let found: Categories = serde_json::from_str(&found).map_err(Problem::internal)?;
    found.categories.first().map(|category| category.id).ok_or_else(|| Problem::not_found("category"))
}

fn created(folder: &str, made: String) -> Result<Reply, Problem> {
    let Written { id } = serde_json::from_str(&made).map_err(Problem::internal)?;
    Ok(shown(made)?.created_at(&format!("{folder}/{id}")))
}

/// What was written, as JSON with its version, which is its tag.
pub(super) fn shown(written: String) -> Result<Reply, Problem> {
    let Versioned { version } = serde_json::from_str(&written).map_err(Problem::internal)?;
    Ok(Reply::finished(written).tagged(&version.to_string()))
}
