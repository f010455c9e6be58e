//! Changes of an order's status, by its owner and by admins.

use capability::retry::{Attempt, retry_on_conflict};
use firestore::Versioned;
use kernel::ExpectedVersion;
use kernel::{OrderId, UserId};

use super::context::Context;
use super::failure::{Failure, contains_failure};
use super::orders::{OrderView, version_tag};
use super::retry::{self, unless_conflict};
use super::stock_release::release_stock;
use crate::Host;
use crate::domain::order::{Actor, IllegalTransition, Order, Status};
use crate::store::orders;

#[derive(Debug)]
pub(crate) struct StatusChange {
    /// An order that already has this status remains unchanged, which is a success, so that a repeat is safe.
    pub(crate) to: Status,
    pub(crate) actor: Actor,
    /// The user whose order it must be; an order of another user does not exist for the caller. `None` for admins.
    pub(crate) owner: Option<UserId>,
    pub(crate) expected_version: ExpectedVersion,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum StatusChangeError {
    #[error("there is no such order")]
    NotFound,
    #[error("the order does not have the expected version")]
    VersionMismatch,
    #[error(transparent)]
    Illegal(#[from] IllegalTransition),
    #[error("concurrent requests keep changing the order")]
    Busy,
    #[error(transparent)]
    Failure(#[from] Failure),
}

contains_failure!(StatusChangeError);

/// Changes the status of an order, and releases the stock of a cancelled one.
pub(crate) async fn apply<H: Host>(
    context: &Context<'_, H>,
    id: &OrderId,
    change: &StatusChange,
) -> Result<OrderView, StatusChangeError> {
    let changed = retry_on_conflict(context.host, retry::CHANGE, async |number| {
        attempt(context, id, change, number > 0).await
    });
    let OrderView { order, version } = changed.await?.ok_or(StatusChangeError::Busy)?;
    context.crash_point("cancel-committed").await;
    // If the release fails, the order remains cancelled and reconciliation releases the stock.
    let version = match order.awaits_release {
        true => release_stock(context, &order, version).await.unwrap_or(version),
        false => version,
    };
    Ok(OrderView { order, version })
}

async fn attempt<H: Host>(
    context: &Context<'_, H>,
    id: &OrderId,
    change: &StatusChange,
    is_repeated: bool,
) -> Result<Attempt<OrderView>, StatusChangeError> {
    let found = find(context, id, change.owner).await?;
    context.crash_point("cancel-read").await;
    let is_done = found.value.status == change.to;
    // If a repeated attempt finds the change done, an earlier attempt has committed it and its response was lost.
    let is_own_change = is_done && is_repeated;
    if !change.expected_version.allows(&version_tag(found.update_time)) && !is_own_change {
        return Err(StatusChangeError::VersionMismatch);
    }
    if is_done {
        return Ok(Attempt::Done(OrderView { order: found.value, version: found.update_time }));
    }
    let order = found.value.transition(change.to, change.actor, context.now())?;
    let saved = orders::save_transition(&context.documents, &order, found.update_time).await;
    Ok(match unless_conflict(saved)? {
        Some(version) => Attempt::Done(OrderView { order, version }),
        None => Attempt::Conflict,
    })
}

async fn find<H: Host>(
    context: &Context<'_, H>,
    id: &OrderId,
    owner: Option<UserId>,
) -> Result<Versioned<Order>, StatusChangeError> {
    let found = orders::find(&context.documents, id).await?;
    let is_visible = |order: &Order| !order.is_tombstone() && (owner.is_none() || order.user_id == owner);
    found.filter(|found| is_visible(&found.value)).ok_or(StatusChangeError::NotFound)
}
