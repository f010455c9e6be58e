//! `/orders`

use http::HeaderName;
use http::header::LOCATION;
use serde::Serialize;
use web::{Call, Problem, Reply};

use super::requests;
use crate::Host;
use crate::app::checkout;
use crate::app::context::Context;
use crate::app::order_status::{self, StatusChange};
use crate::app::orders::{self, OrderView};
use crate::domain::checkout_options::CheckoutOptions;
use crate::domain::order::{Actor, Order, OrderFilter, Status};

/// `Idempotent-Replayed: true` on the response to a repeated request.
pub(super) const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

pub(super) async fn place<H: Host>(context: &Context<'_, H>, mut call: Call) -> Result<Reply, Problem> {
    let caller = requests::verified_token(context, &call)?;
    let body = call.optional_json().await?;
    let options = body.map(requests::checkout_options).transpose()?.unwrap_or_default();
    let options = CheckoutOptions { idempotency_key: requests::idempotency_key(&call)?, ..options };
    let placed = checkout::place(context, caller, options).await?;
    let location = format!("/orders/{}", placed.order.order_id);
    let reply = Reply::ok(&placed.order.to_response())?;
    Ok(match placed.is_replayed {
        true => reply.with_header(LOCATION, &location).with_header(REPLAYED, "true"),
        false => reply.created_at(&location),
    })
}

pub(super) async fn list<H: Host>(context: &Context<'_, H>, call: &Call) -> Result<Reply, Problem> {
    let user = requests::caller(context, call).await?.user;
    let filter = OrderFilter { user: Some(user), status: requests::status_filter(&call.query())? };
    // The caller is no filter of this list: with another user's cursor it still has the caller's orders only.
    list_filtered(context, call, filter, &("own", filter.status)).await
}

/// Lists the orders of a filter. A cursor is valid for lists of this scope.
pub(super) async fn list_filtered<H: Host>(
    context: &Context<'_, H>,
    call: &Call,
    filter: OrderFilter,
    scope: &impl Serialize,
) -> Result<Reply, Problem> {
    let found = orders::list(context, filter, call.page("orders", scope)?).await?;
    let page = found.to_page(Order::to_response).map_err(Problem::internal)?;
    Reply::page(call, "orders", scope, &page)
}

pub(super) async fn view<H: Host>(context: &Context<'_, H>, call: &Call) -> Result<Reply, Problem> {
    let caller = requests::verified_token(context, call)?;
    to_reply(&orders::view(context, caller, requests::order_id(call).as_ref()).await?)
}

pub(super) async fn cancel<H: Host>(context: &Context<'_, H>, call: &Call) -> Result<Reply, Problem> {
    let user = requests::caller(context, call).await?.user;
    let expected_version = call.expected_version();
    let owner = Some(user);
    let change = StatusChange { to: Status::Cancelled, actor: Actor::Customer, owner, expected_version };
    change_status(context, call, &change).await
}

pub(super) async fn change_status<H: Host>(
    context: &Context<'_, H>,
    call: &Call,
    change: &StatusChange,
) -> Result<Reply, Problem> {
    let id = requests::order_id(call).ok_or_else(|| Problem::not_found("order"))?;
    to_reply(&order_status::apply(context, &id, change).await?)
}

fn to_reply(view: &OrderView) -> Result<Reply, Problem> {
    Ok(Reply::ok(&view.order.to_response())?.with_etag(&view.version_tag()))
}
