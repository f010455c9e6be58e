//! What finishes a checkout that died: called every minute, harmless at any time.
//!
//! A reservation that is still held although its time is over belongs to a checkout that stopped between its steps. If the
//! order exists, the stock is sold. If not, a tombstone takes the order's place first, so that the checkout cannot place it
//! any more should it still be alive; then the stock is given back. And a cancelled order may not have its stock back yet.

use std::time::Duration;

use firestore::{CommitError, Document};
use futures_util::join;
use http::HeaderMap;
use kernel::{Limit, OrderId};
use serde::Serialize;
use serde_json::Value;
use web::Problem;

use crate::catalog::Catalog;
use crate::checkout::store_problem;
use crate::order::{Order, Status};
use crate::settle::{Unsettled, give_back};
use crate::steps::{Step, Steps};
use crate::store::Store;
use crate::{App, Host};

/// How many of each kind one call takes at most.
const BATCH: &str = "100";

/// After this long, what is left is left to the next call.
const BUDGET: Duration = Duration::from_secs(20);

/// What was done.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Reconciled {
    confirmed: u64,
    released: u64,
    /// Left for the next time: something did not answer.
    pending: u64,
}

enum Finished {
    Confirmed,
    Released,
}

impl Reconciled {
    /// For the log: nothing if there was nothing to do.
    #[must_use]
    pub fn note(&self) -> Option<Value> {
        (*self != Self::default()).then(|| serde_json::to_value(self).unwrap_or_default())
    }

    fn count(&mut self, finished: Result<Finished, Unsettled>) {
        let count = match finished {
            Ok(Finished::Confirmed) => &mut self.confirmed,
            Ok(Finished::Released) => &mut self.released,
            // The next call tries again: every step is idempotent by the order's id.
            Err(_) => &mut self.pending,
        };
        *count = count.saturating_add(1);
    }
}

/// Finishes a batch of overdue checkouts and unfinished cancellations.
///
/// # Errors
/// 503 if it cannot be known what there is to do.
pub async fn reconcile<H: Host>(
    app: &App<H>,
    trace: &HeaderMap,
    headers: &HeaderMap,
) -> Result<Reconciled, Problem> {
    let work = Work {
        app,
        store: Store::new(app, trace),
        catalog: Catalog::new(&app.host, &app.config, trace),
        steps: Steps::of(headers),
    };
    let batch = Limit::parse(BATCH).unwrap_or_default();
    let (overdue, cancelled) = join!(work.catalog.overdue(batch), work.store.awaiting_release(batch));
    let (overdue, cancelled) = (overdue?, cancelled.map_err(store_problem)?);
    work.steps.done(&app.host, Step::ReconcileListed).await;
    let end = app.host.now().checked_add(BUDGET);
    let has_time = || end.is_none_or(|end| app.host.now() < end);
    let mut done = Reconciled::default();
    for order in overdue {
        done.count(if has_time() { work.finish(&order).await } else { Err(Unsettled::OutOfTime) });
    }
    for order in cancelled {
        done.count(if has_time() { work.give_back(&order).await } else { Err(Unsettled::OutOfTime) });
    }
    Ok(done)
}

struct Work<'a, H> {
    app: &'a App<H>,
    store: Store<'a, H>,
    catalog: Catalog<'a, H>,
    steps: Steps,
}

impl<H: Host> Work<'_, H> {
    async fn finish(&self, id: &OrderId) -> Result<Finished, Unsettled> {
        let found = self.store.order(id).await?;
        self.steps.done(&self.app.host, Step::ReconcileLookedUp).await;
        let status = match found {
            Some(found) => found.value.status,
            None => self.fence(id).await?,
        };
        let finished = if status == Status::Cancelled {
            self.catalog.release(id).await?;
            Finished::Released
        } else {
            self.catalog.confirm(id).await?;
            Finished::Confirmed
        };
        self.steps.done(&self.app.host, Step::ReconcileSettled).await;
        Ok(finished)
    }

    /// Takes the order's place, if the checkout has not come to life at the last moment; the state that the order has then.
    async fn fence(&self, id: &OrderId) -> Result<Status, Unsettled> {
        let status = match self.store.fence(id, self.app.host.now()).await {
            Ok(()) => Status::Cancelled,
            // The checkout won; or an earlier try of this commit did.
            Err(CommitError::AlreadyExists) => {
                let found = self.store.order(id).await?;
                found.ok_or(CommitError::AlreadyExists)?.value.status
            }
            Err(error) => return Err(error.into()),
        };
        self.steps.done(&self.app.host, Step::ReconcileFenced).await;
        Ok(status)
    }

    async fn give_back(&self, order: &Document<Order>) -> Result<Finished, Unsettled> {
        let place = (&self.store, &self.catalog);
        give_back(place, (&order.value, order.update_time), (&self.app.host, self.steps)).await?;
        Ok(Finished::Released)
    }
}
