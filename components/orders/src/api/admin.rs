//! What admins do: see all orders, move them, and look after the events that did not arrive.

use firestore::CommitError;
use kernel::{Timestamp, UserId};
use serde::Serialize;
use web::fields::{self, Fault};
use web::{Call, Problem, Reply};

use super::ATTEMPTS;
use super::orders::{list, status};
use super::transition::{Move, make};
use crate::checkout::store_problem;
use crate::event::{Event, EventBody, State};
use crate::order::{Actor, Status};
use crate::store::{OrderFilter, Store};
use crate::{App, Host};

pub(super) async fn list_all_orders<H: Host>(app: &App<H>, call: &Call) -> Result<Reply, Problem> {
    app.config.identification.admin(&app.host, call).await?;
    let query = call.query();
    let user = query.read("userId", "must be an id", UserId::parse)?;
    list(app, call, OrderFilter { user, status: status(&query)? }).await
}

pub(super) async fn set_status<H: Host>(app: &App<H>, mut call: Call) -> Result<Reply, Problem> {
    app.config.identification.admin(&app.host, &call).await?;
    let mut body = call.json().await?;
    let to = body.required("status", |value| {
        let expected = "must be one of confirmed, shipped, delivered, cancelled";
        let status = Status::parse(fields::text(value)?).filter(|status| *status != Status::Pending);
        status.ok_or_else(|| Fault::new("invalid", expected))
    });
    let to = body.finish(|| to)?;
    make(app, &call, Move { to, actor: Actor::Admin, may_change: &|_| true }).await
}

pub(super) async fn list_events<H: Host>(app: &App<H>, call: &Call) -> Result<Reply, Problem> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Body<'a> {
        events: Vec<EventBody<'a>>,
        next_cursor: Option<String>,
    }
    app.config.identification.admin(&app.host, call).await?;
    let query = call.query();
    let state = query.read("state", "must be one of waiting, delivered, dead", State::parse)?;
    let after: Option<(Timestamp, String)> = query.cursor(&app.config.cursors)?;
    let store_trace = call.trace_headers();
    let store = Store::new(app, &store_trace);
    let found = store.events(state.unwrap_or(State::Dead), after, query.limit()?).await;
    let (events, next) = found.map_err(store_problem)?;
    let next_cursor = app.config.cursors.next(next);
    Reply::ok(&Body { events: events.iter().map(Event::wire).collect(), next_cursor })
}

/// Lets an event be sent again, from its first try on.
pub(super) async fn retry_event<H: Host>(app: &App<H>, call: &Call) -> Result<Reply, Problem> {
    app.config.identification.admin(&app.host, call).await?;
    let trace = call.trace_headers();
    let store = Store::new(app, &trace);
    for _ in 0..ATTEMPTS {
        let found = store.event(call.params.get(0)).await.map_err(store_problem)?;
        let found = found.ok_or_else(|| Problem::not_found("event"))?;
        let event = found.value.revived(app.host.now());
        match store.save_event(&event, found.update_time).await {
            Ok(_) => return Reply::ok(&event.wire()),
            Err(CommitError::Stale | CommitError::AlreadyExists) => {}
            Err(CommitError::OutcomeUnknown(cause)) => return Err(Problem::unavailable("Firestore", cause)),
            Err(CommitError::Refused(cause)) => return Err(Problem::internal(cause)),
        }
    }
    Err(Problem::unavailable("Firestore", "the event keeps changing"))
}
