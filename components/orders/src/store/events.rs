//! `events/{orderId}-{sequence}`, the outbox

use firestore::value::ValueError;
use firestore::{CommitError, Direction, Error, Query, Versioned, Write};
use kernel::page::{PageItems, PageRequest};
use kernel::{Limit, Timestamp};

use super::{Documents, newest_first, to_value, values};
use crate::Host;
use crate::domain::order_event::{DeliveryState, OrderEvent};

/// The sort key of a list of events.
pub(crate) type EventKey = (Timestamp, String);

/// Returns an event; `None` also for a text that is no event id.
pub(crate) async fn find<H: Host>(
    documents: &Documents<'_, H>,
    id: &str,
) -> Result<Option<Versioned<OrderEvent>>, Error> {
    let is_id = id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if !is_id || !id.starts_with("ORD-") || id.len() > 40 {
        return Ok(None);
    }
    documents.get(&path(id)).await
}

/// Returns the events that are due, the earliest due time first.
pub(crate) async fn due<H: Host>(
    documents: &Documents<'_, H>,
    now: Timestamp,
    limit: Limit,
) -> Result<Vec<Versioned<OrderEvent>>, Error> {
    let query = Query::of("events", limit.get())
        .equal("state", to_value(&DeliveryState::Waiting)?)
        .order_by("dueAt", Direction::Ascending)
        .order_by("eventId", Direction::Ascending);
    let waiting: Vec<Versioned<OrderEvent>> = documents.run(&query).await?;
    Ok(waiting.into_iter().filter(|event| event.value.due_at <= now).collect())
}

/// Stores an event if it is unchanged since `version`. Returns its new version.
pub(crate) async fn save<H: Host>(
    documents: &Documents<'_, H>,
    event: &OrderEvent,
    version: Timestamp,
) -> Result<Timestamp, CommitError> {
    let write = Write::set(path(&event.event_id), event)?.unchanged_since(Some(version));
    documents.commit_change(version, &[write]).await
}

/// Returns a page of the events in a state, the newest first.
pub(crate) async fn list<H: Host>(
    documents: &Documents<'_, H>,
    state: DeliveryState,
    page: PageRequest<EventKey>,
) -> Result<PageItems<OrderEvent, EventKey>, Error> {
    let query = newest_first("events", "eventId", page.after, page.limit)?;
    let query = query.equal("state", to_value(&state)?);
    let events: Vec<OrderEvent> = values(documents.run(&query).await?);
    Ok(PageItems::from_rows(events, page.limit, |last| (last.created_at, last.event_id.clone())))
}

/// The write that adds an event to the outbox.
pub(super) fn creation(event: &OrderEvent) -> Result<Write, ValueError> {
    Write::create(path(&event.event_id), event)
}

fn path(id: &str) -> String {
    format!("events/{id}")
}
