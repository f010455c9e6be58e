//! The routes, and one short story for each.

use capability::{Clock, Entropy};
use http::{Method, StatusCode};
use kernel::{Cursor, OrderId, ProductId};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use web::{Call, Health, Origins, Problem, Reply, Route, Service, route};

use crate::filter::Filter;
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
    Reviews,
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
        route(&Method::GET, "/products/categories", Name::Categories),
        route(&Method::GET, "/products/categories/{slug}", Name::Category),
        // For operators. Above /products/{id}, which would take it for an id.
        route(&Method::GET, "/products/health", Name::Health),
        route(&Method::GET, "/products/{id}", Name::Product),
        route(&Method::GET, "/products/{id}/stock", Name::Stock),
        route(&Method::GET, "/products/{id}/reviews", Name::Reviews),
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

    fn origins(&self) -> &Origins {
        &self.config.origins
    }

    async fn answer(&self, name: Name, call: Call) -> Result<Reply, Problem> {
        match name {
            Name::List => list(self, &call).await,
            Name::Categories => versioned(&call, store::list_categories(&self.host, None).await?),
            Name::Category => category(self, &call).await,
            Name::Product => product(self, &call).await,
            Name::Stock => stock(self, &call).await,
            Name::Reviews => reviews(self, &call).await,
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

async fn list<H: Host>(app: &App<H>, call: &Call) -> Result<Reply, Problem> {
    let filter = Filter::read(&call.query())?;
    let page = store::list_products(&app.host, &filter).await?;
    let next = page.next.map(|key| filter.sort.cursor_key(key));
    versioned(call, page_json("products", &page.items, next.as_ref()))
}

async fn category<H: Host>(app: &App<H>, call: &Call) -> Result<Reply, Problem> {
    let found = store::list_categories(&app.host, Some(call.params.get(0))).await?;
    let list: Categories<'_> = serde_json::from_str(&found).map_err(Problem::internal)?;
    let category = list.categories.first().ok_or_else(|| Problem::not_found("category"))?;
    versioned(call, category.get().to_owned())
}

#[derive(serde::Deserialize)]
struct Categories<'a> {
    #[serde(borrow)]
    categories: Vec<&'a serde_json::value::RawValue>,
}

async fn product<H: Host>(app: &App<H>, call: &Call) -> Result<Reply, Problem> {
    let id: ProductId = call.id(0, "product")?;
    let found = store::find_product(&app.host, id).await?;
    versioned(call, found.ok_or_else(|| Problem::not_found("product"))?)
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

async fn reviews<H: Host>(app: &App<H>, call: &Call) -> Result<Reply, Problem> {
    let id: ProductId = call.id(0, "product")?;
    let query = call.query();
    let page = store::list_reviews(&app.host, id, query.cursor()?, query.limit()?).await?;
    let page = page.ok_or_else(|| Problem::not_found("product"))?;
    versioned(call, page_json("reviews", &page.items, page.next.as_ref()))
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
    Ok(Reply::finished(store::list_overdue_reservations(&app.host, query.limit()?).await?))
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

/// A page in its envelope. The items are finished JSON.
fn page_json(name: &str, items: &str, next: Option<&impl Serialize>) -> String {
    match next.and_then(Cursor::of) {
        // A cursor is base64url: nothing in it needs escaping.
        Some(cursor) => format!(r#"{{"{name}":{items},"nextCursor":"{}"}}"#, cursor.into_string()),
        None => format!(r#"{{"{name}":{items},"nextCursor":null}}"#),
    }
}

/// JSON that may be kept for a moment and asked for again by its version.
fn versioned(call: &Call, json: String) -> Result<Reply, Problem> {
    let digest = Sha256::digest(json.as_bytes());
    let tag: String = digest.iter().take(12).map(|byte| format!("{byte:02x}")).collect();
    let reply = if call.has_version(&tag) { Reply::not_modified() } else { Reply::finished(json) };
    Ok(reply.tagged(&tag).cached("public, max-age=5"))
}
