//! The routes, and the stories of orders. Carts and placing an order have modules of their own.

mod cart;

use capability::{Clock, Entropy};
use firestore::CommitError;
use futures_util::join;
use http::{Method, StatusCode};
use kernel::{Limit, OrderId, ProductId, UserId};
use serde::Serialize;
use web::{Call, Health, Origins, Problem, Reply, Route, Service, route};

use self::cart::{add_to_cart, clear_cart, contention_pause, remove_line, set_line, view_cart};
use crate::catalog::Catalog;
use crate::checkout::{self, REPLAYED, store_problem};
use crate::order::{Actor, IllegalTransition, Order, OrderBody, Status};
use crate::store::Store;
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
    Purchases,
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
        // For the products service.
        route(&Method::GET, "/internal/orders/purchases", Name::Purchases),
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
                let firestore = Store::new(self, &call.trace_headers()).ping().await;
                Health::default().check("firestore", firestore).reply()
            }
            Name::Purchases => {
                call.require_service(&self.config.service_token)?;
                purchases(self, &call).await
            }
            Name::Reconcile => {
                call.require_service(&self.config.service_token)?;
                Reply::ok(&reconcile::reconcile(self, &call.trace_headers()).await?)
            }
        }
    }
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
    let trace = call.trace_headers();
    let principal = app.config.identification.caller(&app.host, call).await?;
    let query = call.query();
    let expected = "must be one of pending, confirmed, shipped, delivered, cancelled";
    let status = query.read("status", expected, Status::parse)?;
    let (after, limit) = (query.cursor(&app.config.cursors)?, query.limit()?);
    let found = Store::new(app, &trace).orders_of(principal.user, status, after, limit).await;
    let (orders, next) = found.map_err(store_problem)?;
    let next_cursor = next.as_ref().and_then(|next| app.config.cursors.of(next));
    Reply::ok(&Body { orders: orders.iter().map(Order::wire).collect(), next_cursor })
}

/// How many of somebody's orders are looked at, the newest first, for what they have bought.
const ORDERS_LOOKED_AT: &str = "100";

/// Whether somebody has bought something: it is in an order of theirs that was not cancelled.
async fn purchases<H: Host>(app: &App<H>, call: &Call) -> Result<Reply, Problem> {
    let query = call.query();
    let missing = |name| move || Problem::invalid_parameter(name, "must be an id");
    let user = query.read("userId", "must be an id", UserId::parse)?.ok_or_else(missing("userId"))?;
    let product = query.read("productId", "must be an id", ProductId::parse)?;
    let product = product.ok_or_else(missing("productId"))?;
    let limit = Limit::parse(ORDERS_LOOKED_AT).unwrap_or_default();
    let found = Store::new(app, &call.trace_headers()).orders_of(user, None, None, limit).await;
    let (orders, _) = found.map_err(store_problem)?;
    let has_product = |order: &Order| order.items.iter().any(|line| line.product_id == product);
    let purchased = orders.iter().any(|order| order.status != Status::Cancelled && has_product(order));
    Reply::ok(&serde_json::json!({ "purchased": purchased }))
}

async fn view_order<H: Host>(app: &App<H>, call: &Call) -> Result<Reply, Problem> {
    let trace = call.trace_headers();
    let claimed = app.config.identification.claimed(&app.host, call)?;
    let id = order_id(call);
    let store = Store::new(app, &trace);
    let found = async {
        match &id {
            Some(id) => store.order(id).await,
            None => Ok(None),
        }
    };
    let (principal, found) = join!(app.config.identification.identified(&app.host, &claimed, &trace), found);
    let user = principal?.user;
    let found = found.map_err(store_problem)?.filter(|found| found.value.user_id == Some(user));
    let found = found.ok_or_else(|| Problem::not_found("order"))?;
    Ok(Reply::ok(&found.value.wire())?.tagged(&found.update_time.unix_micros().to_string()))
}

async fn cancel_order<H: Host>(app: &App<H>, call: &Call) -> Result<Reply, Problem> {
    let trace = call.trace_headers();
    let user = app.config.identification.caller(&app.host, call).await?.user;
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
