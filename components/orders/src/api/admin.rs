//! Routes of admins: all orders, their status, and the outbox.

use serde::Serialize;
use web::{Call, Problem, Reply};

use super::orders::{change_status, list_filtered};
use super::requests::{self, require_admin};
use crate::Host;
use crate::app::context::Context;
use crate::app::event_delivery;
use crate::app::order_status::StatusChange;
use crate::domain::order::{Actor, OrderFilter};
use crate::domain::order_event::{DeliveryState, EventResponse, OrderEvent};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EventsResponse<'a> {
    events: Vec<EventResponse<'a>>,
    next_cursor: Option<String>,
}

pub(super) async fn list_orders<H: Host>(context: &Context<'_, H>, call: &Call) -> Result<Reply, Problem> {
    require_admin(context, call).await?;
    let query = call.query();
    let filter =
        OrderFilter { user: requests::user_filter(&query)?, status: requests::status_filter(&query)? };
    list_filtered(context, call, filter).await
}

pub(super) async fn set_status<H: Host>(context: &Context<'_, H>, mut call: Call) -> Result<Reply, Problem> {
    require_admin(context, &call).await?;
    let to = requests::new_status(call.json().await?)?;
    let expected_version = requests::expected_version(&call);
    let change = StatusChange { to, actor: Actor::Admin, owner: None, expected_version };
    change_status(context, &call, &change).await
}

pub(super) async fn list_events<H: Host>(context: &Context<'_, H>, call: &Call) -> Result<Reply, Problem> {
    require_admin(context, call).await?;
    let query = call.query();
    let state = query.read("state", "must be one of waiting, delivered, dead", DeliveryState::parse)?;
    let state = state.unwrap_or(DeliveryState::Dead);
    let found = event_delivery::list(context, state, requests::page(context, &query)?).await?;
    let next_cursor = context.config.cursors.next(found.next);
    let events = found.items.iter().map(OrderEvent::to_response).collect();
    Reply::ok(&EventsResponse { events, next_cursor })
}

pub(super) async fn retry_event<H: Host>(context: &Context<'_, H>, call: &Call) -> Result<Reply, Problem> {
    require_admin(context, call).await?;
    let event = event_delivery::requeue(context, call.params.get(0)).await?;
    Reply::ok(&event.to_response())
}
