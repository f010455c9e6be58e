//! The public reads of the catalog.

use capability::{Database, DbError};
use kernel::ProductId;
use kernel::page::{Page, PageRequest};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::cache::CachedJson;
use crate::domain::filter::{Filter, SortKey};
use crate::store;

/// A page of the product list.
#[derive(Debug)]
pub struct ProductList {
    pub page: Page,
    /// The search that the list shows, if the requested one has no match.
    pub corrected_query: Option<String>,
    /// The counts of the list, as JSON.
    pub facets: Option<String>,
}

/// Lists a page of products. A search without a match is corrected and repeated.
pub async fn list_products(
    db: &impl Database,
    filter: &Filter,
    request: &PageRequest<SortKey>,
    has_facets: bool,
) -> Result<ProductList, DbError> {
    let page = store::list_products(db, filter, request).await?;
    let Some(corrected) = correct_query(db, filter, &page).await? else {
        return with_facets(db, filter, page, None, has_facets).await;
    };
    let filter = Filter { search: Some(corrected.clone()), ..filter.clone() };
    let page = store::list_products(db, &filter, request).await?;
    with_facets(db, &filter, page, Some(corrected), has_facets).await
}

async fn with_facets(
    db: &impl Database,
    filter: &Filter,
    page: Page,
    corrected_query: Option<String>,
    has_facets: bool,
) -> Result<ProductList, DbError> {
    let facets = if has_facets { Some(store::list_facets(db, filter).await?) } else { None };
    Ok(ProductList { page, corrected_query, facets })
}

/// Returns a similar search if the page is empty. Only a search without a match has an empty page, because a list returns a
/// cursor only if it continues.
async fn correct_query(db: &impl Database, filter: &Filter, page: &Page) -> Result<Option<String>, DbError> {
    match &filter.search {
        Some(search) if page.is_empty() => store::correct_query(db, search).await,
        _ => Ok(None),
    }
}

/// Lists all categories.
pub async fn list_categories(db: &impl Database) -> Result<CachedJson, DbError> {
    Ok(CachedJson::from(store::list_categories(db, None).await?))
}

/// Finds a category by its slug.
pub async fn find_category(db: &impl Database, slug: &str) -> Result<Option<CachedJson>, DbError> {
    let found = store::list_categories(db, Some(slug)).await?;
    let list: Categories<'_> =
        serde_json::from_str(&found).map_err(|error| DbError::Unexpected(error.to_string()))?;
    Ok(list.categories.first().map(|category| CachedJson::from(category.get().to_owned())))
}

#[derive(Deserialize)]
struct Categories<'a> {
    #[serde(borrow)]
    categories: Vec<&'a RawValue>,
}

/// Finds an active product.
pub async fn find_product(db: &impl Database, id: ProductId) -> Result<Option<CachedJson>, DbError> {
    let found = store::find_product(db, id).await?;
    Ok(found.map(|product| CachedJson { json: product.json, version: Some(product.version) }))
}

/// Suggests product names for the beginning of a search.
pub async fn suggest(db: &impl Database, search: &str) -> Result<CachedJson, DbError> {
    Ok(CachedJson::from(match search {
        "" => r#"{"suggestions":[]}"#.to_owned(),
        search => store::suggest(db, search).await?,
    }))
}
