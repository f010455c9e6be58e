//! The stories of orders.

use futures_util::join;
use http::{HeaderName, StatusCode};
use identity::Role;
use kernel::{Limit, OrderId, ProductId, UserId};
use serde::Serialize;
use web::{Call, Problem, Query, Reply};

use super::transition::{Move, make};
use crate::catalog::Catalog;
use crate::checkout::{self, store_problem};
use crate::order::{Actor, IllegalTransition, Order, OrderBody, Status};
use crate::settle;
use crate::steps::Steps;
use crate::store::{OrderFilter, PageKey, Store};
use crate::{App, Host};

/// How many of somebody's orders are looked at, the newest first, for what they have bought.
const ORDERS_LOOKED_AT: &str = "100";

/// `Idempotent-Replayed: true` on the answer to a repeat.
pub(super) const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

pub(super) async fn place_order<H: Host>(app: &App<H>, call: Call) -> Result<Reply, Problem> {
    let placed = checkout::place(app, call).await?;
    let location = format!("/orders/{}", placed.order.order_id);
    let reply = Reply::ok(&placed.order.wire())?;
    if placed.is_replayed {
        return Ok(reply.with_header(http::header::LOCATION, &location).with_header(REPLAYED, "true"));
    }
    Ok(reply.created_at(&location))
}

pub(super) async fn list_orders<H: Host>(app: &App<H>, call: &Call) -> Result<Reply, Problem> {
    let principal = app.config.identification.caller(&app.host, call).await?;
    let query = call.query();
    let filter = OrderFilter { user: Some(principal.user), status: status(&query)? };
    list(app, call, filter).await
}

/// A page of orders.
pub(super) async fn list<H: Host>(app: &App<H>, call: &Call, filter: OrderFilter) -> Result<Reply, Problem> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Body<'a> {
        orders: Vec<OrderBody<'a>>,
        next_cursor: Option<String>,
    }
    let query = call.query();
    let (after, limit): (Option<PageKey>, Limit) = (query.cursor(&app.config.cursors)?, query.limit()?);
    let found = Store::new(app, &call.trace_headers()).orders(filter, after, limit).await;
    let (orders, next) = found.map_err(store_problem)?;
    let next_cursor = app.config.cursors.next(next);
    Reply::ok(&Body { orders: orders.iter().map(Order::wire).collect(), next_cursor })
}

pub(super) fn status(query: &Query) -> Result<Option<Status>, Problem> {
    query.read("status", "must be one of pending, confirmed, shipped, delivered, cancelled", Status::parse)
}

/// Whether somebody has bought something: it is in an order of theirs that was not cancelled.
pub(super) async fn purchases<H: Host>(app: &App<H>, call: &Call) -> Result<Reply, Problem> {
    let query = call.query();
    let missing = |name| move || Problem::invalid_parameter(name, "must be an id");
    let user = query.read("userId", "must be an id", UserId::parse)?.ok_or_else(missing("userId"))?;
    let product = query.read("productId", "must be an id", ProductId::parse)?;
    let product = product.ok_or_else(missing("productId"))?;
    let limit = Limit::parse(ORDERS_LOOKED_AT).unwrap_or_default();
    let filter = OrderFilter { user: Some(user), status: None };
    let found = Store::new(app, &call.trace_headers()).orders(filter, None, limit).await;
    let (orders, _) = found.map_err(store_problem)?;
    let has_product = |order: &Order| order.items.iter().any(|line| line.product_id == product);
    let purchased = orders.iter().any(|order| order.status != Status::Cancelled && has_product(order));
    Reply::ok(&serde_json::json!({ "purchased": purchased }))
}

/// An order, for its owner and for admins.
pub(super) async fn view_order<H: Host>(app: &App<H>, call: &Call) -> Result<Reply, Problem> {
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
    let principal = principal?;
    let found = found.map_err(store_problem)?.filter(|found| {
        let is_theirs = found.value.user_id == Some(principal.user) || principal.role == Role::Admin;
        is_theirs && !found.value.is_tombstone()
    });
    let found = found.ok_or_else(|| Problem::not_found("order"))?;
    let catalog = Catalog::new(&app.host, &app.config, &trace);
    let version = settle::on_read(&store, &catalog, &found, &app.host, Steps::of(&call.headers)).await;
    Ok(Reply::ok(&found.value.wire())?.tagged(&version.unix_micros().to_string()))
}

pub(super) async fn cancel_order<H: Host>(app: &App<H>, call: &Call) -> Result<Reply, Problem> {
    let user = app.config.identification.caller(&app.host, call).await?.user;
    let may_change = |order: &Order| order.user_id == Some(user);
    make(app, call, Move { to: Status::Cancelled, actor: Actor::Customer, may_change: &may_change }).await
}

/// An id that cannot be one names no order.
pub(super) fn order_id(call: &Call) -> Option<OrderId> {
    call.params.get(0).parse().ok()
}

impl From<IllegalTransition> for Problem {
    fn from(error: IllegalTransition) -> Self {
        let (from, to) = (error.from.as_str(), error.to.as_str());
        let detail = format!("an order that is {from} cannot become {to}; allowed has what it can become");
        Problem::new(StatusCode::CONFLICT, "illegal-transition", detail).with("allowed", error.from.allowed())
    }
}
