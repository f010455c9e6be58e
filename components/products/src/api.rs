//! The routes, and one short story for each that reads. What is written is in `api/`.

mod admin;
mod import;
mod refusals;
mod reviews;
mod stock;

use std::rc::Rc;

use capability::{Clock, Entropy};
use http::header::AUTHORIZATION;
use http::{Method, StatusCode};
use kernel::{OrderId, ProductId};
use sha2::{Digest as _, Sha256};
use web::{Call, Health, Origins, Problem, Reply, Route, Service, page_json, route};

use crate::cache::Finished;
use crate::filter::{Filter, MAX_SEARCH_CHARACTERS, prefix};
use crate::reservation::{Item, Outcome, Reserve};
use crate::store;
use crate::{App, Host};

/// What each route is called.
#[derive(Debug, Clone, Copy)]
#[expect(missing_docs, reason = "the table below says what they are")]
pub enum Name {
    List,
    Categories,
    Category,
    Product,
    Stock,
    Suggest,
    Reviews,
    WriteReview,
    DeleteReview,
    Create,
    Import,
    Export,
    Change,
    Archive,
    AddVariant,
    ChangeVariant,
    ArchiveVariant,
    AddCategory,
    ChangeCategory,
    DeleteCategory,
    Movements,
    MoveStock,
    Health,
    Reserve,
    OverdueReservations,
    Reservation,
    Confirm,
    Release,
    CheckLedger,
    Quote,
}

impl<H: Host> Service for App<H> {
    const NAME: &'static str = "products";
    type Name = Name;
    const ROUTES: &'static [Route<Name>] = &[
        // For shoppers.
        route(&Method::GET, "/products", Name::List),
        route(&Method::POST, "/products", Name::Create),
        route(&Method::GET, "/products/suggest", Name::Suggest),
        route(&Method::POST, "/products/import", Name::Import),
        route(&Method::GET, "/products/export", Name::Export),
        route(&Method::GET, "/products/categories", Name::Categories),
        route(&Method::POST, "/products/categories", Name::AddCategory),
        route(&Method::GET, "/products/categories/{slug}", Name::Category),
        route(&Method::PATCH, "/products/categories/{slug}", Name::ChangeCategory),
        route(&Method::DELETE, "/products/categories/{slug}", Name::DeleteCategory),
        // For operators. Above /products/{id}, which would take it for an id.
        route(&Method::GET, "/products/health", Name::Health),
        route(&Method::GET, "/products/{id}", Name::Product),
        route(&Method::PATCH, "/products/{id}", Name::Change),
        route(&Method::DELETE, "/products/{id}", Name::Archive),
        route(&Method::GET, "/products/{id}/stock", Name::Stock),
        route(&Method::GET, "/products/{id}/reviews", Name::Reviews),
        route(&Method::POST, "/products/{id}/reviews", Name::WriteReview),
        route(&Method::DELETE, "/products/{id}/reviews/{reviewId}", Name::DeleteReview),
        // For admins.
        route(&Method::POST, "/products/{id}/variants", Name::AddVariant),
        route(&Method::PATCH, "/products/{id}/variants/{variantId}", Name::ChangeVariant),
        route(&Method::DELETE, "/products/{id}/variants/{variantId}", Name::ArchiveVariant),
        route(&Method::GET, "/products/{id}/stock/movements", Name::Movements),
        route(&Method::POST, "/products/{id}/stock/movements", Name::MoveStock),
        // For the orders service.
        route(&Method::POST, "/internal/products/reservations", Name::Reserve),
        route(&Method::GET, "/internal/products/reservations", Name::OverdueReservations),
        route(&Method::GET, "/internal/products/reservations/{orderId}", Name::Reservation),
        route(&Method::POST, "/internal/products/reservations/{orderId}/confirm", Name::Confirm),
        route(&Method::POST, "/internal/products/reservations/{orderId}/release", Name::Release),
        route(&Method::POST, "/internal/products/prices", Name::Quote),
        route(&Method::GET, "/internal/products/ledger/check", Name::CheckLedger),
    ];

    fn host(&self) -> &(impl Clock + Entropy) {
        &self.host
    }

    fn gcp_project(&self) -> &str {
        &self.config.gcp_project
    }

    fn origins(&self) -> &Origins {
        &self.config.origins
    }

    async fn answer(&self, name: Name, call: Call) -> Result<Reply, Problem> {
        if is_write(name) {
            self.cache.clear();
        }
        let answer = self.answer_afresh(name, call).await;
        // Again: what was read while the write was under way may be what was there before it.
        if is_write(name) {
            self.cache.clear();
        }
        answer
    }
}

/// Whether a route changes what the catalogue shows.
fn is_write(name: Name) -> bool {
    match name {
        Name::List
        | Name::Categories
        | Name::Category
        | Name::Product
        | Name::Stock
        | Name::Suggest
        | Name::Reviews
        | Name::Movements
        | Name::Export
        | Name::Health
        | Name::OverdueReservations
        | Name::Reservation
        | Name::CheckLedger
        | Name::Quote => false,
        Name::WriteReview
        | Name::DeleteReview
        | Name::Create
        | Name::Import
        | Name::Change
        | Name::Archive
        | Name::AddVariant
        | Name::ChangeVariant
        | Name::ArchiveVariant
        | Name::AddCategory
        | Name::ChangeCategory
        | Name::DeleteCategory
        | Name::MoveStock
        | Name::Reserve
        | Name::Confirm
        | Name::Release => true,
    }
}

impl<H: Host> App<H> {
    async fn answer_afresh(&self, name: Name, call: Call) -> Result<Reply, Problem> {
        match name {
            Name::List | Name::Categories | Name::Category | Name::Product | Name::Suggest => {
                browse(self, name, &call).await
            }
            Name::Stock => stock(self, &call).await,
            Name::Reviews => reviews::list(self, &call).await,
            Name::WriteReview => reviews::write(self, call).await,
            Name::DeleteReview => reviews::delete(self, &call).await,
            Name::Create => admin::create_product(self, call).await,
            Name::Import => import::import(self, call).await,
            Name::Export => import::export(self, &call).await,
            Name::Change => admin::change_product(self, call).await,
            Name::Archive => admin::archive_product(self, &call).await,
            Name::AddVariant => admin::add_variant(self, call).await,
            Name::ChangeVariant => admin::change_variant(self, call).await,
            Name::ArchiveVariant => admin::archive_variant(self, &call).await,
            Name::AddCategory => admin::add_category(self, call).await,
            Name::ChangeCategory => admin::change_category(self, call).await,
            Name::DeleteCategory => admin::delete_category(self, &call).await,
            Name::Movements => stock::list_movements(self, &call).await,
            Name::MoveStock => stock::add_movement(self, call).await,
            Name::Health => Health::default().check("database", store::ping(&self.host).await).reply(),
            Name::Reserve
            | Name::OverdueReservations
            | Name::Reservation
            | Name::Confirm
            | Name::Release
            | Name::CheckLedger
            | Name::Quote => {
                call.require_service(&self.config.service_token)?;
                internal(self, name, call).await
            }
        }
    }
}

/// A public read: from what was answered a moment ago, unless whoever asks has a token. An admin sees their own write at
/// once.
async fn browse<H: Host>(app: &App<H>, name: Name, call: &Call) -> Result<Reply, Problem> {
    let is_anonymous = !call.headers.contains_key(AUTHORIZATION);
    let (address, now) = (call.address(), app.host.now());
    if let Some(kept) = app.cache.get(address, now).filter(|_| is_anonymous) {
        return tagged(call, &kept);
    }
    let found = match name {
        Name::List => list(app, call).await?,
        Name::Categories => finished(store::list_categories(&app.host, None).await?),
        Name::Category => category(app, call).await?,
        Name::Suggest => suggest(app, call).await?,
        _ => match product(app, call).await? {
            Shown::ToAll(found) => found,
            Shown::ToAdmins(found) => return admin::shown(found),
        },
    };
    let found = Rc::new(found);
    if is_anonymous {
        app.cache.put(address, now, &found);
    }
    tagged(call, &found)
}

fn finished(json: String) -> Finished {
    Finished { json, version: None }
}

/// A product, and to whom it is shown.
enum Shown {
    ToAll(Finished),
    ToAdmins(String),
}

async fn list<H: Host>(app: &App<H>, call: &Call) -> Result<Finished, Problem> {
    let mut filter = Filter::read(&call.query(), &app.config.cursors)?;
    let mut page = store::list_products(&app.host, &filter).await?;
    let mut more = String::new();
    // A cursor is only given out if there is more, so an empty page is one of a search that finds nothing.
    if let (Some(typed), "[]") = (&filter.search, page.items.as_str())
        && let Some(corrected) = store::correct_query(&app.host, typed).await?
    {
        let told = serde_json::to_string(&corrected).map_err(Problem::internal)?;
        more.push_str(&format!(r#","correctedQuery":{told}"#));
        filter.search = Some(corrected);
        page = store::list_products(&app.host, &filter).await?;
    }
    if filter.facets {
        more.push_str(&format!(r#","facets":{}"#, store::list_facets(&app.host, &filter).await?));
    }
    let next = app.config.cursors.next(page.next.map(|key| filter.sort.cursor_key(key)));
    Ok(finished(page_json("products", &page.items, next, &more)))
}

async fn category<H: Host>(app: &App<H>, call: &Call) -> Result<Finished, Problem> {
    let found = store::list_categories(&app.host, Some(call.params.get(0))).await?;
    let list: Categories<'_> = serde_json::from_str(&found).map_err(Problem::internal)?;
    let category = list.categories.first().ok_or_else(|| Problem::not_found("category"))?;
    Ok(finished(category.get().to_owned()))
}

#[derive(serde::Deserialize)]
struct Categories<'a> {
    #[serde(borrow)]
    categories: Vec<&'a serde_json::value::RawValue>,
}

async fn product<H: Host>(app: &App<H>, call: &Call) -> Result<Shown, Problem> {
    let id: ProductId = call.id(0, "product")?;
    if let Some((version, json)) = store::find_product(&app.host, id).await? {
        return Ok(Shown::ToAll(Finished { json, version: Some(version) }));
    }
    // A draft, or what was archived, is there for admins and for nobody else.
    if call.optional_bearer().is_ok_and(|token| token.is_some()) {
        let admin = app.config.identification.admin(&app.host, call).await;
        admin.map_err(|problem| match problem.status() {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Problem::not_found("product"),
            _ => problem,
        })?;
        if let Some(found) = store::find_administered_product(&app.host, id).await? {
            return Ok(Shown::ToAdmins(found));
        }
    }
    Err(Problem::not_found("product"))
}

async fn suggest<H: Host>(app: &App<H>, call: &Call) -> Result<Finished, Problem> {
    let typed = call.query().read("q", "must have at most 200 characters", |text| {
        (text.chars().count() <= MAX_SEARCH_CHARACTERS).then(|| text.trim().to_owned())
    })?;
    let suggestions = match typed.filter(|typed| !typed.is_empty()) {
        Some(typed) => store::suggest(&app.host, &typed, &prefix(&typed)).await?,
        None => r#"{"suggestions":[]}"#.to_owned(),
    };
    Ok(finished(suggestions))
}

async fn stock<H: Host>(app: &App<H>, call: &Call) -> Result<Reply, Problem> {
    let id: ProductId = call.id(0, "product")?;
    let variant =
        call.query().read("variantId", "must be the id of a variant", |text| text.parse::<i64>().ok())?;
    let variant =
        variant.map(kernel::VariantId::try_from).transpose().map_err(|_| Problem::not_found("product"))?;
    let found = store::find_stock(&app.host, id, variant).await?;
    found.map(Reply::finished).ok_or_else(|| Problem::not_found("product"))
}

async fn internal<H: Host>(app: &App<H>, name: Name, mut call: Call) -> Result<Reply, Problem> {
    match name {
        Name::Reserve => {
            let wanted = Reserve::read(call.json().await?)?;
            reserved(store::reserve(&app.host, &wanted).await?)
        }
        Name::Quote => {
            let items = Item::read_all(call.json().await?)?;
            Ok(Reply::finished(store::quote(&app.host, &items).await?))
        }
        Name::OverdueReservations => overdue(app, &call).await,
        Name::CheckLedger => Ok(Reply::finished(store::check_ledger(&app.host).await?)),
        Name::Reservation => {
            let found = store::find_reservation(&app.host, &order_id(&call)?).await?;
            found.map(Reply::finished).ok_or_else(|| Problem::not_found("reservation"))
        }
        Name::Confirm => reserved(store::confirm(&app.host, &order_id(&call)?).await?),
        Name::Release => released(store::release(&app.host, &order_id(&call)?).await?),
        _ => Err(Problem::not_found("route")),
    }
}

async fn overdue<H: Host>(app: &App<H>, call: &Call) -> Result<Reply, Problem> {
    let query = call.query();
    if query.get("state") != Some("held") || query.get("expired") != Some("true") {
        return Err(Problem::invalid_parameter("state", "must be held, with expired=true"));
    }
    Ok(Reply::finished(store::list_expired_reservations(&app.host, query.limit()?).await?))
}

fn order_id(call: &Call) -> Result<OrderId, Problem> {
    call.params.get(0).parse().map_err(|_| Problem::not_found("reservation"))
}

/// What a reserve or a confirm came to.
fn reserved(outcome: Outcome) -> Result<Reply, Problem> {
    match outcome {
        Outcome::Reserved(taken) => Ok(Reply::finished(taken).with_status(StatusCode::CREATED)),
        Outcome::Repeated(taken) | Outcome::Confirmed(taken) => Ok(Reply::finished(taken)),
        Outcome::Short(short_lines) => {
            let short_lines: serde_json::Value =
                serde_json::from_str(&short_lines).map_err(Problem::internal)?;
            let detail = "there is too little of some lines; shortLines names them with what is available";
            Err(conflict("insufficient-stock", detail).with("shortLines", short_lines))
        }
        Outcome::Superseded => Err(conflict(
            "reservation-superseded",
            "a newer version of the cart has a reservation; read the cart again",
        )),
        Outcome::Released(_) => Err(conflict(
            "reservation-released",
            "the order's stock was given back; the order cannot be placed",
        )),
        Outcome::Absent => Err(Problem::not_found("reservation")),
    }
}

fn released(outcome: Outcome) -> Result<Reply, Problem> {
    match outcome {
        Outcome::Released(Some(given_back)) => Ok(Reply::finished(given_back)),
        Outcome::Absent => Err(Problem::not_found("reservation")),
        other => Err(Problem::internal(format!("a release came to {other:?}"))),
    }
}

fn conflict(code: &'static str, detail: &str) -> Problem {
    Problem::new(StatusCode::CONFLICT, code, detail)
}

/// JSON that may be kept for a moment and asked for again by its version.
fn versioned(call: &Call, json: String) -> Result<Reply, Problem> {
    tagged(call, &finished(json))
}

/// The same, with the version that a change of it may name as `If-Match` in front of the digest.
fn tagged(call: &Call, found: &Finished) -> Result<Reply, Problem> {
    let digest = Sha256::digest(found.json.as_bytes());
    let digest: String = digest.iter().take(12).map(|byte| format!("{byte:02x}")).collect();
    let tag = found.version.as_ref().map_or_else(|| digest.clone(), |version| format!("{version}-{digest}"));
    let is_known = call.has_version(&tag);
    let reply = if is_known { Reply::not_modified() } else { Reply::finished(found.json.clone()) };
    Ok(reply.tagged(&tag).cached("public, max-age=5"))
}
