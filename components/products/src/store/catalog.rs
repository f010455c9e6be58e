//! The public reads of the catalog.

use capability::{Database, DbError, Param, Statement};
use kernel::ProductId;
use kernel::page::{Page, PageRequest};

use super::row::{VersionedJson, one, page, unexpected};
use crate::domain::filter::{Filter, Sort, SortKey, prefix_pattern};

/// Returns the statement of a sort order.
#[must_use]
pub fn list_statement(sort: Sort) -> Statement {
    match sort {
        Sort::Relevance => repeatable!("list_products_by_relevance"),
        Sort::Newest => repeatable!("list_products_newest"),
        Sort::Price => repeatable!("list_products_by_price"),
        Sort::PriceDescending => repeatable!("list_products_by_price_descending"),
        Sort::Name => repeatable!("list_products_by_name"),
        Sort::Rating => repeatable!("list_products_by_rating"),
    }
}

/// Returns the statement that counts the products of a list.
#[must_use]
pub fn facets_statement() -> Statement {
    repeatable!("list_facets")
}

/// Lists a page of the products that match the filter.
pub async fn list_products(
    db: &impl Database,
    filter: &Filter,
    request: &PageRequest<SortKey>,
) -> Result<Page, DbError> {
    let statement = list_statement(filter.sort);
    let prices = filter.prices();
    let [category, search, min_price, max_price, in_stock] = filter_params(filter, &prices);
    let after = request.after.as_ref();
    let params = [
        category,
        search,
        min_price,
        max_price,
        in_stock,
        after.map(|key| key.value.as_str()).into(),
        after.map(|key| key.id).into(),
        request.limit.get().into(),
    ];
    page(db, &statement, &params).await?.ok_or_else(|| unexpected(&statement))
}

/// Counts the products that match the filter by category and stock, and returns their price range.
pub async fn list_facets(db: &impl Database, filter: &Filter) -> Result<String, DbError> {
    let prices = filter.prices();
    one(db, &facets_statement(), &filter_params(filter, &prices)).await
}

/// Returns the first five parameters of a list.
fn filter_params<'f>(filter: &'f Filter, prices: &'f [Option<String>; 2]) -> [Param<'f>; 5] {
    let [min_price, max_price] = prices;
    [
        filter.category.as_deref().into(),
        filter.search.as_deref().into(),
        min_price.as_deref().into(),
        max_price.as_deref().into(),
        filter.in_stock.into(),
    ]
}

/// Returns a similar search that has matches, if there is one.
pub async fn correct_query(db: &impl Database, search: &str) -> Result<Option<String>, DbError> {
    db.query(&repeatable!("correct_query"), &[search.into()]).await
}

/// Finds an active product.
pub async fn find_product(db: &impl Database, id: ProductId) -> Result<Option<VersionedJson>, DbError> {
    let statement = repeatable!("find_product");
    let row = db.query(&statement, &[id.get().into()]).await?;
    let split = |row: String| {
        let (version, json) = row.split_once('\n').ok_or_else(|| unexpected(&statement))?;
        Ok(VersionedJson { version: version.to_owned(), json: json.to_owned() })
    };
    row.map(split).transpose()
}

/// Suggests product names for the beginning of a search.
pub async fn suggest(db: &impl Database, search: &str) -> Result<String, DbError> {
    let prefix = prefix_pattern(search);
    one(db, &repeatable!("suggest"), &[search.into(), (&prefix).into()]).await
}

/// Lists all categories, or the one with this slug.
pub async fn list_categories(db: &impl Database, slug: Option<&str>) -> Result<String, DbError> {
    one(db, &repeatable!("list_categories"), &[slug.into()]).await
}
