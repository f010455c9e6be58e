//! Delivers the events in the outbox to the receiver. A job calls it; concurrent calls are safe.

use capability::retry::{Attempt, retry_on_conflict};
use firestore::Versioned;
use kernel::Limit;
use kernel::page::{PageItems, PageRequest};
use serde::Serialize;
use webhook::Receiver;

use super::context::Context;
use super::failure::{Failure, contains_failure};
use super::retry::{self, unless_conflict};
use crate::Host;
use crate::domain::limits::DELIVERY_BUDGET;
use crate::domain::order_event::{DeliveryState, OrderEvent};
use crate::store::events;
pub(crate) use crate::store::events::EventKey;

#[derive(Debug, Default)]
pub(crate) struct DeliveryReport {
    pub(crate) delivered: u64,
    /// Will be sent again.
    pub(crate) failed: u64,
    pub(crate) dead: u64,
    /// The events that a development shop logs instead of sending them.
    pub(crate) logged: Vec<LoggedEvent>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LoggedEvent {
    event_id: String,
    kind: String,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum RequeueError {
    #[error("there is no such event")]
    NotFound,
    #[error("concurrent requests keep changing the event")]
    Busy,
    #[error(transparent)]
    Failure(#[from] Failure),
}

contains_failure!(RequeueError);

/// Delivers due events until there are none or the time of one call is used up.
pub(crate) async fn deliver<H: Host>(context: &Context<'_, H>) -> Result<DeliveryReport, Failure> {
    let end = context.now().checked_add(DELIVERY_BUDGET);
    let has_time = || end.is_none_or(|end| context.now() < end);
    let mut report = DeliveryReport::default();
    while has_time() {
        let due = due(context).await?;
        if due.is_empty() {
            break;
        }
        for event in due {
            if has_time() {
                deliver_event(context, event, &mut report).await;
            }
        }
    }
    Ok(report)
}

async fn due<H: Host>(context: &Context<'_, H>) -> Result<Vec<Versioned<OrderEvent>>, Failure> {
    if context.config.receiver == Receiver::Disabled {
        return Ok(Vec::new());
    }
    Ok(events::due(&context.documents, context.now(), Limit::default()).await?)
}

/// Sends an event and records the outcome, unless another call has the lease.
async fn deliver_event<H: Host>(
    context: &Context<'_, H>,
    due: Versioned<OrderEvent>,
    report: &mut DeliveryReport,
) {
    let event = due.value.leased(context.now());
    let Ok(version) = events::save(&context.documents, &event, due.update_time).await else { return };
    let outcome = send(context, &event, &mut report.logged).await;
    let event = event.record_outcome(outcome, context.now());
    // If this fails, the event is sent again when its lease has expired: delivery is at least once, not exactly once.
    let _ = events::save(&context.documents, &event, version).await;
    let count = match event.state {
        DeliveryState::Delivered => &mut report.delivered,
        DeliveryState::Waiting => &mut report.failed,
        DeliveryState::Dead => &mut report.dead,
    };
    *count = count.saturating_add(1);
}

async fn send<H: Host>(
    context: &Context<'_, H>,
    event: &OrderEvent,
    logged: &mut Vec<LoggedEvent>,
) -> Result<(), String> {
    match &context.config.receiver {
        Receiver::Disabled => Err("there is no receiver".to_owned()),
        Receiver::Log => {
            logged.push(LoggedEvent { event_id: event.event_id.clone(), kind: event.kind.clone() });
            Ok(())
        }
        Receiver::Webhook(webhook) => {
            let body = serde_json::to_vec(&event.to_message()).map_err(|error| error.to_string())?;
            webhook.post(context.host, &event.event_id, body).await
        }
    }
}

/// Returns a page of the events in a state, the newest first.
pub(crate) async fn list<H: Host>(
    context: &Context<'_, H>,
    state: DeliveryState,
    page: PageRequest<EventKey>,
) -> Result<PageItems<OrderEvent, EventKey>, Failure> {
    Ok(events::list(&context.documents, state, page).await?)
}

/// Requeues an event, so that it is sent again as if it were new.
pub(crate) async fn requeue<H: Host>(context: &Context<'_, H>, id: &str) -> Result<OrderEvent, RequeueError> {
    let requeued =
        retry_on_conflict(context.host, retry::CHANGE, async |_| requeue_attempt(context, id).await);
    requeued.await?.ok_or(RequeueError::Busy)
}

async fn requeue_attempt<H: Host>(
    context: &Context<'_, H>,
    id: &str,
) -> Result<Attempt<OrderEvent>, RequeueError> {
    let found = events::find(&context.documents, id).await?.ok_or(RequeueError::NotFound)?;
    let event = found.value.requeued(context.now());
    let saved = events::save(&context.documents, &event, found.update_time).await;
    Ok(match unless_conflict(saved)? {
        Some(_) => Attempt::Done(event),
        None => Attempt::Conflict,
    })
}
