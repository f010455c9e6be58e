//! What finishes a checkout that died: called every minute, harmless at any time.
//!
//! A reservation that is still held although its time is over belongs to a checkout that stopped between its steps. If the
//! order exists, the stock is sold. If not, a tombstone takes the order's place first, so that the checkout cannot place it
//! any more should it still be alive; then the stock is given back.

use firestore::{CommitError, Error};
use http::HeaderMap;
use kernel::{Limit, OrderId};
use serde::Serialize;
use web::Problem;

use crate::catalog::{Catalog, CatalogError};
use crate::order::{Order, Status};
use crate::store::Store;
use crate::{App, Host};

/// What was done.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Reconciled {
    confirmed: u64,
    released: u64,
    /// Left for the next time: something did not answer.
    pending: u64,
}

/// Finishes a batch of overdue checkouts.
///
/// # Errors
/// 503 if it cannot be known what is overdue.
pub async fn reconcile<H: Host>(app: &App<H>, trace: &HeaderMap) -> Result<Reconciled, Problem> {
    let catalog = Catalog::new(&app.host, &app.config, trace);
    let store = Store::new(app, trace);
    let mut done = Reconciled::default();
    for order in catalog.overdue(Limit::default()).await? {
        let count = match finish(app, &store, &catalog, &order).await {
            Ok(Finished::Confirmed) => &mut done.confirmed,
            Ok(Finished::Released) => &mut done.released,
            // The next call tries again: every step is idempotent by the order's id.
            Err(_) => &mut done.pending,
        };
        *count = count.saturating_add(1);
    }
    Ok(done)
}

enum Finished {
    Confirmed,
    Released,
}

#[derive(Debug, thiserror::Error)]
enum Unfinished {
    #[error(transparent)]
    Store(#[from] Error),
    #[error(transparent)]
    Commit(#[from] CommitError),
    #[error(transparent)]
    Catalog(#[from] CatalogError),
}

async fn finish<H: Host>(
    app: &App<H>,
    store: &Store<'_, H>,
    catalog: &Catalog<'_, H>,
    id: &OrderId,
) -> Result<Finished, Unfinished> {
    let status = match store.order(id).await? {
        Some(found) => found.value.status,
        None => match store.create_order(&Order::tombstone(id.clone(), app.host.now())).await {
            Ok(()) => Status::Cancelled,
            // The checkout came to life at the last moment, and won; or an earlier try of this commit did.
            Err(CommitError::AlreadyExists) => match store.order(id).await? {
                Some(found) => found.value.status,
                None => return Err(CommitError::AlreadyExists.into()),
            },
            Err(error) => return Err(error.into()),
        },
    };
    if status == Status::Cancelled {
        catalog.release(id).await?;
        Ok(Finished::Released)
    } else {
        catalog.confirm(id).await?;
        Ok(Finished::Confirmed)
    }
}
