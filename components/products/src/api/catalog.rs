//! The public reads of the catalog.

use std::rc::Rc;

use http::StatusCode;
use http::header::AUTHORIZATION;
use kernel::ProductId;
use kernel::page::PageRequest;
use sha2::{Digest as _, Sha256};
use web::{Call, Problem, Query, Reply};

use super::products::resource_reply;
use crate::app::administration::{self, Resource};
use crate::app::cache::CachedJson;
use crate::app::catalog;
use crate::domain::filter::{Filter, SortKey, search};
use crate::{App, Host};

/// What a read has found, and who may read it.
enum Visibility {
    Public(CachedJson),
    AdminsOnly(Resource),
}

impl From<CachedJson> for Visibility {
    fn from(json: CachedJson) -> Self {
        Self::Public(json)
    }
}

/// Serves a public read from the cache, or with `read`. A request with a token bypasses the cache, so that an admin reads
/// every write at once.
async fn cached_read<H: Host, V: Into<Visibility>>(
    app: &App<H>,
    call: &Call,
    read: impl Future<Output = Result<V, Problem>>,
) -> Result<Reply, Problem> {
    let is_cacheable = !call.headers.contains_key(AUTHORIZATION);
    let (address, now) = (call.address(), app.host.now());
    if let Some(cached) = app.cache.get(address, now).filter(|_| is_cacheable) {
        return revalidate(call, &cached);
    }
    let json = match read.await?.into() {
        Visibility::Public(json) => Rc::new(json),
        Visibility::AdminsOnly(resource) => return Ok(resource_reply(resource)),
    };
    if is_cacheable {
        app.cache.put(address, now, &json);
    }
    revalidate(call, &json)
}

/// Replies with JSON and its ETag, or with 304 if the client has this version. The ETag is a digest, after the version that
/// an If-Match may name.
pub(super) fn revalidate(call: &Call, found: &CachedJson) -> Result<Reply, Problem> {
    let digest = Sha256::digest(found.json.as_bytes());
    let digest = kernel::hex(digest.get(..12).unwrap_or_default());
    let etag = found.version.as_ref().map_or_else(|| digest.clone(), |version| format!("{version}-{digest}"));
    let is_known = call.has_version(&etag);
    let reply = if is_known { Reply::not_modified() } else { Reply::from_json(found.json.clone()) };
    Ok(reply.with_etag(&etag).cached("public, max-age=5"))
}

pub(super) async fn list_products<H: Host>(app: &App<H>, call: &Call) -> Result<Reply, Problem> {
    cached_read(app, call, read_list(app, call)).await
}

async fn read_list<H: Host>(app: &App<H>, call: &Call) -> Result<CachedJson, Problem> {
    let query = call.query();
    let filter = Filter::parse(|name| query.get(name))?;
    let request = page_request(call, &filter)?;
    let has_facets = is_true(&query, "facets")?;
    let list = catalog::list_products(&app.host, &filter, &request, has_facets).await?;
    let corrected = list.corrected_query.map(|search| serde_json::Value::from(search).to_string());
    let members = [("correctedQuery", corrected), ("facets", list.facets)];
    let members: Vec<(&str, &str)> =
        members.iter().filter_map(|(name, json)| Some((*name, json.as_deref()?))).collect();
    Ok(call.page_json("products", &filter, &list.page, &members)?.into())
}

fn page_request(call: &Call, filter: &Filter) -> Result<PageRequest<SortKey>, Problem> {
    let request: PageRequest<SortKey> = call.page("products", filter)?;
    match &request.after {
        Some(key) if !filter.sort.accepts(&key.value) => Err(Problem::invalid_parameter(
            "cursor",
            "must be the nextCursor of an earlier answer to the same query",
        )),
        _ => Ok(request),
    }
}

/// Reads a parameter that is `false` by default.
pub(super) fn is_true(query: &Query, name: &str) -> Result<bool, Problem> {
    Ok(query.read(name, "must be true or false", |text| text.parse().ok())?.unwrap_or(false))
}

pub(super) async fn list_categories<H: Host>(app: &App<H>, call: &Call) -> Result<Reply, Problem> {
    cached_read(app, call, async { Ok(catalog::list_categories(&app.host).await?) }).await
}

pub(super) async fn find_category<H: Host>(app: &App<H>, call: &Call) -> Result<Reply, Problem> {
    cached_read(app, call, async {
        let found = catalog::find_category(&app.host, call.param("slug")).await?;
        found.ok_or_else(|| Problem::not_found("category"))
    })
    .await
}

pub(super) async fn suggest<H: Host>(app: &App<H>, call: &Call) -> Result<Reply, Problem> {
    cached_read(app, call, async {
        let search = call.query().read("q", "must have at most 200 characters", search)?.unwrap_or_default();
        Ok(catalog::suggest(&app.host, search.trim()).await?)
    })
    .await
}

pub(super) async fn find_product<H: Host>(app: &App<H>, call: &Call) -> Result<Reply, Problem> {
    cached_read(app, call, read_product(app, call)).await
}

/// Reads an active product, or for an admin one in any status. To other callers an inactive product does not exist.
async fn read_product<H: Host>(app: &App<H>, call: &Call) -> Result<Visibility, Problem> {
    let id: ProductId = call.id("id", "product")?;
    if let Some(product) = catalog::find_product(&app.host, id).await? {
        return Ok(Visibility::Public(product));
    }
    let has_bearer = call.optional_bearer().is_ok_and(|token| token.is_some());
    if !has_bearer {
        return Err(Problem::not_found("product"));
    }
    let admin = call.authenticate_admin(&app.config.authentication, &app.host).await;
    admin.map_err(|problem| match problem.status() {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Problem::not_found("product"),
        _ => problem,
    })?;
    let product = administration::find_product(&app.host, id).await?;
    product.map(Visibility::AdminsOnly).ok_or_else(|| Problem::not_found("product"))
}
