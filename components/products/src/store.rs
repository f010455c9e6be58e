//! One function per statement. The SQL is in `sql/`, under the same name.

mod writes;

use capability::{Database, DbError, Param, Statement};
use kernel::{Limit, OrderId, ProductId, VariantId};
use serde::Serialize;

use crate::filter::{Filter, PageKey, Sort};
use crate::reservation::{Item, Outcome, Reserve, Told};

pub use crate::store::writes::*;

/// A page as the database finished it.
#[derive(Debug, PartialEq, Eq)]
pub struct Page<K> {
    /// A JSON array.
    pub items: String,
    /// The key of the last item, if there are more.
    pub next: Option<K>,
}

/// A statement of `sql/`, under its file's name.
macro_rules! repeatable {
    ($name:literal) => {
        Statement::repeatable($name, include_str!(concat!("../sql/", $name, ".sql")))
    };
}

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

/// Returns the statement that counts the matches of a list.
#[must_use]
pub fn facets_statement() -> Statement {
    repeatable!("list_facets")
}

/// A page of the catalogue.
///
/// # Errors
/// [`DbError`]
pub async fn list_products(db: &impl Database, filter: &Filter) -> Result<Page<PageKey>, DbError> {
    let statement = list_statement(filter.sort);
    let prices = filter.prices();
    let [category, search, min, max, in_stock] = filtered(filter, &prices);
    let params: [Param<'_>; 8] = [
        category,
        search,
        min,
        max,
        in_stock,
        filter.after.as_ref().map(|(key, _)| key.as_str()).into(),
        filter.after.as_ref().map(|(_, id)| *id).into(),
        filter.limit.get().into(),
    ];
    page(&statement, db.query(&statement, &params).await?)?.ok_or_else(|| no_row(&statement))
}

/// How many of the products that a list finds are in which category, in stock, and between which prices, as JSON.
///
/// # Errors
/// [`DbError`]
pub async fn list_facets(db: &impl Database, filter: &Filter) -> Result<String, DbError> {
    let prices = filter.prices();
    finished(db, &facets_statement(), &filtered(filter, &prices)).await
}

/// A filter as the first five parameters of a list.
fn filtered<'f>(filter: &'f Filter, prices: &'f [Option<String>; 2]) -> [Param<'f>; 5] {
    let [min, max] = prices;
    [
        filter.category.as_deref().into(),
        filter.search.as_deref().into(),
        min.as_deref().into(),
        max.as_deref().into(),
        filter.in_stock.into(),
    ]
}

/// What somebody may have meant whose search finds nothing.
///
/// # Errors
/// [`DbError`]
pub async fn correct_query(db: &impl Database, typed: &str) -> Result<Option<String>, DbError> {
    db.query(&repeatable!("correct_query"), &[typed.into()]).await
}

/// A product that is sold: its version, and itself with its variants as JSON.
///
/// # Errors
/// [`DbError`]
pub async fn find_product(db: &impl Database, id: ProductId) -> Result<Option<(String, String)>, DbError> {
    let statement = repeatable!("find_product");
    let answer = db.query(&statement, &[id.get().into()]).await?;
    let split = |answer: String| {
        let (version, product) = answer.split_once('\n').ok_or_else(|| no_row(&statement))?;
        Ok((version.to_owned(), product.to_owned()))
    };
    answer.map(split).transpose()
}

/// What begins with what was typed, or looks like it, as JSON.
///
/// # Errors
/// [`DbError`]
pub async fn suggest(db: &impl Database, typed: &str, prefix: &str) -> Result<String, DbError> {
    finished(db, &repeatable!("suggest"), &[typed.into(), prefix.into()]).await
}

/// The stock of a product or of one of its variants, as JSON.
///
/// # Errors
/// [`DbError`]
pub async fn find_stock(
    db: &impl Database,
    product: ProductId,
    variant: Option<VariantId>,
) -> Result<Option<String>, DbError> {
    db.query(&repeatable!("find_stock"), &[product.get().into(), variant.map(VariantId::get).into()]).await
}

/// All categories, or the one with this slug, as JSON.
///
/// # Errors
/// [`DbError`]
pub async fn list_categories(db: &impl Database, slug: Option<&str>) -> Result<String, DbError> {
    finished(db, &repeatable!("list_categories"), &[slug.into()]).await
}

/// A page of a product's reviews; `None` if there is no such product.
///
/// # Errors
/// [`DbError`]
pub async fn list_reviews(
    db: &impl Database,
    product: ProductId,
    after: Option<i64>,
    limit: Limit,
) -> Result<Option<Page<i64>>, DbError> {
    let statement = repeatable!("list_reviews");
    let params = [product.get().into(), after.into(), limit.get().into()];
    page(&statement, db.query(&statement, &params).await?)
}

/// Takes stock for an order. Idempotent by the order's id.
///
/// # Errors
/// [`DbError`]
pub async fn reserve(db: &impl Database, wanted: &Reserve) -> Result<Outcome, DbError> {
    let lines = json(&wanted.lines)?;
    let params =
        [wanted.order_id.as_str().into(), wanted.revision.into(), (&lines).into(), wanted.ttl_s.into()];
    outcome(db, &repeatable!("reserve"), &params).await
}

/// Keeps an order's stock for good. Idempotent.
///
/// # Errors
/// [`DbError`]
pub async fn confirm(db: &impl Database, order: &OrderId) -> Result<Outcome, DbError> {
    outcome(db, &repeatable!("confirm"), &[order.as_str().into()]).await
}

/// Gives an order's stock back, once.
///
/// # Errors
/// [`DbError`]
pub async fn release(db: &impl Database, order: &OrderId) -> Result<Outcome, DbError> {
    outcome(db, &repeatable!("release"), &[order.as_str().into()]).await
}

/// An order's reservation, as JSON.
///
/// # Errors
/// [`DbError`]
pub async fn find_reservation(db: &impl Database, order: &OrderId) -> Result<Option<String>, DbError> {
    db.query(&repeatable!("find_reservation"), &[order.as_str().into()]).await
}

/// The reservations that are still held although their time is over, as JSON.
///
/// # Errors
/// [`DbError`]
pub async fn list_expired_reservations(db: &impl Database, limit: Limit) -> Result<String, DbError> {
    finished(db, &repeatable!("list_expired_reservations"), &[limit.get().into()]).await
}

/// Where stock and movements differ, as JSON.
///
/// # Errors
/// [`DbError`]
pub async fn check_ledger(db: &impl Database) -> Result<String, DbError> {
    finished(db, &repeatable!("check_ledger"), &[]).await
}

/// Prices and stock of some things, as JSON.
///
/// # Errors
/// [`DbError`]
pub async fn quote(db: &impl Database, items: &[Item]) -> Result<String, DbError> {
    let items = json(items)?;
    finished(db, &repeatable!("quote"), &[(&items).into()]).await
}

/// Whether the database answers.
///
/// # Errors
/// [`DbError`]
pub async fn ping(db: &impl Database) -> Result<(), DbError> {
    db.query(&repeatable!("ping"), &[]).await.map(|_| ())
}

async fn finished(
    db: &impl Database,
    statement: &Statement,
    params: &[Param<'_>],
) -> Result<String, DbError> {
    db.query(statement, params).await?.ok_or_else(|| no_row(statement))
}

async fn outcome(
    db: &impl Database,
    statement: &Statement,
    params: &[Param<'_>],
) -> Result<Outcome, DbError> {
    let told: Told = statement.decode(&finished(db, statement, params).await?)?;
    told.read().ok_or_else(|| no_row(statement))
}

/// Reads `{"next":..,"items":[..]}`. The items stay JSON.
fn page<K: serde::de::DeserializeOwned>(
    statement: &Statement,
    answer: Option<String>,
) -> Result<Option<Page<K>>, DbError> {
    #[derive(serde::Deserialize)]
    struct Answer<K> {
        next: Option<K>,
        items: Box<serde_json::value::RawValue>,
    }
    let Some(answer) = answer else { return Ok(None) };
    let answer: Answer<K> = statement.decode(&answer)?;
    Ok(Some(Page { items: answer.items.get().to_owned(), next: answer.next }))
}

fn json(value: &(impl Serialize + ?Sized)) -> Result<String, DbError> {
    serde_json::to_string(value).map_err(|error| DbError::Unexpected(error.to_string()))
}

fn no_row(statement: &Statement) -> DbError {
    DbError::Unexpected(format!("{} did not answer as expected", statement.name))
}
