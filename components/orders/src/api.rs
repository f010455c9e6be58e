//! The routes, and the stories of carts and orders. Placing an order has a module of its own.

use std::time::Duration;

use capability::{Clock, Entropy};
use firestore::CommitError;
use futures_util::join;
use http::{HeaderMap, Method, StatusCode};
use kernel::{Cursor, OrderId, Quantity, UserId, VariantId};
use serde::Serialize;
use web::fields::{self, Fault};
use web::{Call, Health, Origins, Problem, Reply, Route, Service, route};

use crate::caller::{Claimed, claimed, identified, trace};
use crate::cart::{Cart, CartError, Item, Line, PricedCart};
use crate::catalog::{Catalog, Quote};
use crate::checkout::{self, REPLAYED, store_problem};
use crate::order::{Actor, IllegalTransition, Order, OrderBody, Status};
use crate::store::{Seen, Store};
use crate::{App, Host, reconcile};

/// How often a change of a cart starts over because somebody else changed it.
const ATTEMPTS: u32 = 24;

/// What each route is called.
#[derive(Debug, Clone, Copy)]
#[expect(missing_docs, reason = "the table below says what they are")]
pub enum Name {
    ViewCart,
    AddToCart,
    ClearCart,
    SetLine,
    RemoveLine,
    PlaceOrder,
    ListOrders,
    ViewOrder,
    CancelOrder,
    Health,
    Reconcile,
}

impl<H: Host> Service for App<H> {
    const NAME: &'static str = "orders";
    type Name = Name;
    const ROUTES: &'static [Route<Name>] = &[
        // Carts.
        route(&Method::GET, "/orders/cart", Name::ViewCart),
        route(&Method::POST, "/orders/cart", Name::AddToCart),
        route(&Method::DELETE, "/orders/cart", Name::ClearCart),
        route(&Method::PUT, "/orders/cart/items/{productId}", Name::SetLine),
        route(&Method::DELETE, "/orders/cart/items/{productId}", Name::RemoveLine),
        // For operators. Above /orders/{orderId}, which would take it for an id.
        route(&Method::GET, "/orders/health", Name::Health),
        // Orders.
        route(&Method::POST, "/orders", Name::PlaceOrder),
        route(&Method::GET, "/orders", Name::ListOrders),
        route(&Method::GET, "/orders/{orderId}", Name::ViewOrder),
        route(&Method::POST, "/orders/{orderId}/cancel", Name::CancelOrder),
        // For the job that runs every minute.
        route(&Method::POST, "/internal/orders/reconcile", Name::Reconcile),
    ];

    fn host(&self) -> &(impl Clock + Entropy) {
        &self.host
    }

    fn origins(&self) -> &Origins {
        &self.config.origins
    }

    async fn answer(&self, name: Name, call: Call) -> Result<Reply, Problem> {
        match name {
            Name::ViewCart => view_cart(self, &call).await,
            Name::AddToCart => add_to_cart(self, call).await,
            Name::ClearCart => clear_cart(self, &call).await,
            Name::SetLine => set_line(self, call).await,
            Name::RemoveLine => remove_line(self, &call).await,
            Name::PlaceOrder => place_order(self, call).await,
            Name::ListOrders => list_orders(self, &call).await,
            Name::ViewOrder => view_order(self, &call).await,
            Name::CancelOrder => cancel_order(self, &call).await,
            Name::Health => {
                let firestore = Store::new(self, &trace(&call)).ping().await;
                Health::default().check("firestore", firestore).reply()
            }
            Name::Reconcile => {
                call.require_service(&self.config.service_token)?;
                Reply::ok(&reconcile::reconcile(self, &trace(&call)).await?)
            }
        }
    }
}

#[derive(Serialize)]
struct CartBody {
    #[serde(skip_serializing_if = "Option::is_none")]
    success: Option<bool>,
    cart: PricedCart,
}

async fn view_cart<H: Host>(app: &App<H>, call: &Call) -> Result<Reply, Problem> {
    let trace = trace(call);
    let (_, seen) = known_with_cart(app, call, &trace).await?;
    let quote = quote(app, &trace, &seen.cart, None).await?;
    cart_reply(&seen.cart, &quote, None)
}

async fn add_to_cart<H: Host>(app: &App<H>, mut call: Call) -> Result<Reply, Problem> {
    // Who it is comes first: a stranger learns nothing about what is wrong with the body.
    let known = known_with_cart(app, &call, &trace(&call)).await?;
    let mut body = call.json().await?;
    let product_id = body.required("productId", fields::number);
    let variant_id = body.optional("variantId", fields::number);
    let quantity = body.required("quantity", fields::number::<Quantity>);
    let (item, quantity) =
        body.finish(|| Some((Item { product_id: product_id?, variant_id: variant_id? }, quantity?)))?;
    change_cart(app, &call, known, Some(item), |cart, quote| cart.add(item, quantity, quote.find(item))).await
}

async fn set_line<H: Host>(app: &App<H>, mut call: Call) -> Result<Reply, Problem> {
    let known = known_with_cart(app, &call, &trace(&call)).await?;
    let item = item_of_path(&call)?;
    let mut body = call.json().await?;
    let quantity = body.required("quantity", |value| match fields::integer(value)? {
        0 => Ok(None),
        units => Quantity::try_from(units)
            .map(Some)
            .map_err(|_| Fault::new("out-of-range", "must be a whole number from 0 to 99")),
    });
    let quantity = body.finish(|| quantity)?;
    change_cart(app, &call, known, Some(item), |cart, quote| cart.set(item, quantity, quote.find(item))).await
}

async fn remove_line<H: Host>(app: &App<H>, call: &Call) -> Result<Reply, Problem> {
    let known = known_with_cart(app, call, &trace(call)).await?;
    let item = item_of_path(call)?;
    change_cart(app, call, known, None, |cart, quote| cart.set(item, None, quote.find(item))).await
}

async fn clear_cart<H: Host>(app: &App<H>, call: &Call) -> Result<Reply, Problem> {
    let known = known_with_cart(app, call, &trace(call)).await?;
    let clear = |cart: &mut Cart, _: &Quote| {
        cart.items.clear();
        Ok(())
    };
    change_cart(app, call, known, None, clear).await
}

/// The line that the path names: the product, and `?variantId=`.
fn item_of_path(call: &Call) -> Result<Item, Problem> {
    let product_id = call.id(0, "product")?;
    let variant =
        call.query().read("variantId", "must be the id of a variant", |text| text.parse::<i64>().ok())?;
    let variant_id = variant.map(VariantId::try_from).transpose().map_err(|_| Problem::not_found("line"))?;
    Ok(Item { product_id, variant_id })
}

/// Changes the caller's cart. What others change at the same time is not lost: who comes second starts over.
async fn change_cart<H: Host>(
    app: &App<H>,
    call: &Call,
    (user, mut seen): (UserId, Seen),
    item: Option<Item>,
    change: impl Fn(&mut Cart, &Quote) -> Result<(), CartError>,
) -> Result<Reply, Problem> {
    let trace = trace(call);
    let store = Store::new(app, &trace);
    for attempt in 0..ATTEMPTS {
        let quote = quote(app, &trace, &seen.cart, item).await?;
        let mut cart = seen.cart.clone();
        change(&mut cart, &quote)?;
        cart.updated_at = app.host.now();
        match store.save_cart(user, &cart, seen.version).await {
            Ok(()) => return cart_reply(&cart, &quote, Some(true)),
            Err(CommitError::Stale | CommitError::AlreadyExists) => {}
            Err(CommitError::OutcomeUnknown(cause)) => return Err(Problem::unavailable("Firestore", cause)),
            Err(CommitError::Refused(cause)) => return Err(Problem::internal(cause)),
        }
        app.host.sleep(contention_pause(attempt, &app.host)).await;
        seen = store.cart(user).await.map_err(store_problem)?;
    }
    Err(Problem::new(
        StatusCode::CONFLICT,
        "cart-busy",
        "the cart keeps changing; send the same request again",
    )
    .with_retry_after(1))
}

/// Up to 10 ms at first, up to 100 ms in the end: those who collided shall not come back together.
fn contention_pause(attempt: u32, entropy: &impl Entropy) -> Duration {
    let [random] = entropy.bytes::<1>();
    let longest_ms = attempt.saturating_add(1).saturating_mul(10).min(100);
    Duration::from_millis(longest_ms.into()).saturating_mul(random.into()) / 256
}

/// The caller and their cart, both asked for at once.
async fn known_with_cart<H: Host>(
    app: &App<H>,
    call: &Call,
    trace: &HeaderMap,
) -> Result<(UserId, Seen), Problem> {
    let claimed: Claimed = claimed(app, call)?;
    let store = Store::new(app, trace);
    let (principal, seen) = join!(identified(app, &claimed, trace), store.cart(claimed.user));
    Ok((principal?.user, seen.map_err(store_problem)?))
}

/// Today's prices of all that is in the cart, and of what comes into it.
async fn quote<H: Host>(
    app: &App<H>,
    trace: &HeaderMap,
    cart: &Cart,
    item: Option<Item>,
) -> Result<Quote, Problem> {
    let mut items: Vec<Item> = cart.lines().into_iter().map(Line::item).collect();
    if let Some(item) = item.filter(|item| !items.contains(item)) {
        items.push(item);
    }
    // One more than a cart may have is refused below, and need not be asked about.
    items.truncate(crate::cart::MAX_LINES);
    Ok(Catalog::new(&app.host, &app.config, trace).quote(&items).await?)
}

fn cart_reply(cart: &Cart, quote: &Quote, success: Option<bool>) -> Result<Reply, Problem> {
    let cart = cart.priced(quote).map_err(Problem::internal)?;
    Reply::ok(&CartBody { success, cart })
}

async fn place_order<H: Host>(app: &App<H>, call: Call) -> Result<Reply, Problem> {
    let placed = checkout::place(app, call).await?;
    let location = format!("/orders/{}", placed.order.order_id);
    let reply = Reply::ok(&placed.order.wire())?;
    if placed.is_replayed {
        let (name, value) = REPLAYED;
        return Ok(reply.with_header(http::header::LOCATION, &location).with_header(name, value));
    }
    Ok(reply.created_at(&location))
}

async fn list_orders<H: Host>(app: &App<H>, call: &Call) -> Result<Reply, Problem> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Body<'a> {
        orders: Vec<OrderBody<'a>>,
        next_cursor: Option<String>,
    }
    let trace = trace(call);
    let principal = identified(app, &claimed(app, call)?, &trace).await?;
    let query = call.query();
    let expected = "must be one of pending, confirmed, shipped, delivered, cancelled";
    let status = query.read("status", expected, Status::parse)?;
    let (after, limit) = (query.cursor()?, query.limit()?);
    let found = Store::new(app, &trace).orders_of(principal.user, status, after, limit).await;
    let (orders, next) = found.map_err(store_problem)?;
    let next_cursor = next.as_ref().and_then(Cursor::of).map(Cursor::into_string);
    Reply::ok(&Body { orders: orders.iter().map(Order::wire).collect(), next_cursor })
}

async fn view_order<H: Host>(app: &App<H>, call: &Call) -> Result<Reply, Problem> {
    let trace = trace(call);
    let claimed = claimed(app, call)?;
    let id = order_id(call);
    let store = Store::new(app, &trace);
    let found = async {
        match &id {
            Some(id) => store.order(id).await,
            None => Ok(None),
        }
    };
    let (principal, found) = join!(identified(app, &claimed, &trace), found);
    let user = principal?.user;
    let found = found.map_err(store_problem)?.filter(|found| found.value.user_id == Some(user));
    let found = found.ok_or_else(|| Problem::not_found("order"))?;
    Ok(Reply::ok(&found.value.wire())?.tagged(&found.update_time.unix_micros().to_string()))
}

async fn cancel_order<H: Host>(app: &App<H>, call: &Call) -> Result<Reply, Problem> {
    let trace = trace(call);
    let user = identified(app, &claimed(app, call)?, &trace).await?.user;
    let id = order_id(call).ok_or_else(|| Problem::not_found("order"))?;
    let store = Store::new(app, &trace);
    for attempt in 0..ATTEMPTS {
        let found = store.order(&id).await.map_err(store_problem)?;
        let found = found
            .filter(|found| found.value.user_id == Some(user))
            .ok_or_else(|| Problem::not_found("order"))?;
        let cancelled = match found.value.status {
            // Cancelled before: what is left to do is below, and it is idempotent.
            Status::Cancelled => found.value,
            _ => {
                let cancelled = found.value.change(Status::Cancelled, Actor::Customer, app.host.now())?;
                match store.save_order(&cancelled, found.update_time).await {
                    Ok(()) => cancelled,
                    Err(CommitError::Stale | CommitError::AlreadyExists) => {
                        app.host.sleep(contention_pause(attempt, &app.host)).await;
                        continue;
                    }
                    Err(CommitError::OutcomeUnknown(cause)) => {
                        return Err(Problem::unavailable("Firestore", cause));
                    }
                    Err(CommitError::Refused(cause)) => return Err(Problem::internal(cause)),
                }
            }
        };
        // The order is cancelled for good, so its stock may be given back: once, however often this is repeated.
        Catalog::new(&app.host, &app.config, &trace).release(&id).await?;
        return Reply::ok(&cancelled.wire());
    }
    Err(Problem::new(
        StatusCode::CONFLICT,
        "order-busy",
        "the order keeps changing; send the same request again",
    )
    .with_retry_after(1))
}

/// An id that cannot be one names no order.
fn order_id(call: &Call) -> Option<OrderId> {
    call.params.get(0).parse().ok()
}

impl From<IllegalTransition> for Problem {
    fn from(error: IllegalTransition) -> Self {
        let told = |status: Status| format!("{status:?}").to_lowercase();
        let allowed = error.from.allowed();
        let detail = format!("an order that is {} cannot become {}", told(error.from), told(error.to));
        Problem::new(StatusCode::CONFLICT, "illegal-transition", detail).with("allowed", allowed)
    }
}

impl From<CartError> for Problem {
    fn from(error: CartError) -> Self {
        match error {
            CartError::NoSuchProduct => Problem::not_found("product"),
            CartError::NoSuchLine => Problem::not_found("line"),
            CartError::TooMany | CartError::TooManyLines => {
                let (field, code) = ("quantity".to_owned(), "out-of-range");
                let detail = error.to_string();
                fields::validation_failed(vec![web::FieldError { field, code, detail }])
            }
            CartError::InsufficientStock { item, requested, available } => {
                let short = serde_json::json!([{
                    "productId": item.product_id, "variantId": item.variant_id,
                    "requested": requested, "available": available,
                }]);
                let detail = format!("only {available} of them are available; ask for fewer");
                Problem::new(StatusCode::CONFLICT, "insufficient-stock", detail).with("shortLines", short)
            }
        }
    }
}
