//! Routes of admins: all orders, their status, and the outbox.

use web::{Call, Problem, Reply};

use super::orders::{change_status, list_filtered};
use super::requests::{self, require_admin};
use crate::Host;
use crate::app::context::Context;
use crate::app::event_delivery;
use crate::app::order_status::StatusChange;
use crate::domain::order::{Actor, OrderFilter};
use crate::domain::order_event::{DeliveryState, OrderEvent};

pub(super) async fn list_orders<H: Host>(context: &Context<'_, H>, call: &Call) -> Result<Reply, Problem> {
    require_admin(context, call).await?;
    let query = call.query();
    let filter =
        OrderFilter { user: requests::user_filter(&query)?, status: requests::status_filter(&query)? };
    list_filtered(context, call, filter, &("all", filter)).await
}

pub(super) async fn set_status<H: Host>(context: &Context<'_, H>, mut call: Call) -> Result<Reply, Problem> {
    require_admin(context, &call).await?;
    let to = requests::new_status(call.json().await?)?;
    let expected_version = call.expected_version();
    let change = StatusChange { to, actor: Actor::Admin, owner: None, expected_version };
    change_status(context, &call, &change).await
}

pub(super) async fn list_events<H: Host>(context: &Context<'_, H>, call: &Call) -> Result<Reply, Problem> {
    require_admin(context, call).await?;
    let query = call.query();
    let state = query.read("state", "must be one of waiting, delivered, dead", DeliveryState::parse)?;
    let state = state.unwrap_or(DeliveryState::Dead);
    let found = event_delivery::list(context, state, call.page("events", &state)?).await?;
    let page = found.to_page(OrderEvent::to_response).map_err(Problem::internal)?;
    Reply::page(call, "events", &state, &page)
}

pub(super) async fn retry_event<H: Host>(context: &Context<'_, H>, call: &Call) -> Result<Reply, Problem> {
    require_admin(context, call).await?;
    let event = event_delivery::requeue(context, call.param("eventId")).await?;
    Reply::ok(&event.to_response())
}
