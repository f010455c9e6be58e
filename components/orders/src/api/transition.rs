//! How an order gets into another state, whoever moves it.

use firestore::CommitError;
use http::StatusCode;
use web::{Call, Problem, Reply};

use super::orders::order_id;
use super::{ATTEMPTS, contention_pause};
use crate::catalog::Catalog;
use crate::checkout::store_problem;
use crate::order::{Actor, Order, Status};
use crate::settle::give_back;
use crate::steps::{Step, Steps};
use crate::store::Store;
use crate::{App, Host};

/// A move of an order.
pub(super) struct Move<'m> {
    /// The state it gets. An order that has it already stays as it is, and that is a success: a repeat is safe.
    pub(super) to: Status,
    /// Who moves it.
    pub(super) actor: Actor,
    /// Whether they may move this one. If not, it does not exist for them.
    pub(super) may_change: &'m dyn Fn(&Order) -> bool,
}

/// Moves the order that the path names, and answers with it.
pub(super) async fn make<H: Host>(app: &App<H>, call: &Call, wanted: Move<'_>) -> Result<Reply, Problem> {
    let id = order_id(call).ok_or_else(|| Problem::not_found("order"))?;
    let trace = call.trace_headers();
    let (store, catalog) = (Store::new(app, &trace), Catalog::new(&app.host, &app.config, &trace));
    let (steps, if_match) = (Steps::of(&call.headers), call.if_match());
    for attempt in 0..ATTEMPTS {
        let found = store.order(&id).await.map_err(store_problem)?;
        let found = found.filter(|found| !found.value.is_tombstone() && (wanted.may_change)(&found.value));
        let found = found.ok_or_else(|| Problem::not_found("order"))?;
        steps.done(&app.host, Step::CancelRead).await;
        let is_done = found.value.status == wanted.to;
        let version = found.update_time.unix_micros().to_string();
        // Done at a second look, it was this very move whose answer was lost.
        if if_match.as_ref().is_some_and(|tags| !tags.names(&version)) && !(is_done && attempt > 0) {
            return Err(Problem::stale());
        }
        let (order, version) = if is_done {
            (found.value, found.update_time)
        } else {
            let changed = found.value.change(wanted.to, wanted.actor, app.host.now())?;
            match store.save_change(&changed, found.update_time).await {
                Ok(version) => (changed, version),
                Err(CommitError::Stale | CommitError::AlreadyExists) => {
                    app.host.sleep(contention_pause(attempt, &app.host)).await;
                    continue;
                }
                Err(CommitError::OutcomeUnknown(cause)) => {
                    return Err(Problem::unavailable("Firestore", cause));
                }
                Err(CommitError::Refused(cause)) => return Err(Problem::internal(cause)),
            }
        };
        steps.done(&app.host, Step::CancelCommitted).await;
        // A cancelled order stays cancelled, whatever comes of this: reconciling gives back what is left.
        let version = if order.awaits_release {
            give_back((&store, &catalog), (&order, version), (&app.host, steps)).await.unwrap_or(version)
        } else {
            version
        };
        return Ok(Reply::ok(&order.wire())?.tagged(&version.unix_micros().to_string()));
    }
    let detail = "the order keeps changing; send the same request again";
    Err(Problem::new(StatusCode::CONFLICT, "order-busy", detail).with_retry_after(1))
}
