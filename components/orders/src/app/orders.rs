//! Reads of orders.

use futures_util::join;
use identity::Role;
use identity::{AuthenticationError, VerifiedToken};
use kernel::page::{PageItems, PageRequest};
use kernel::{OrderId, ProductId, Timestamp, UserId};

use super::context::Context;
use super::failure::{Failure, contains_failure};
use super::stock_release::repair_on_read;
use crate::Host;
use crate::domain::limits::SEARCHED_ORDERS;
use crate::domain::order::{Order, OrderFilter, Status};
use crate::store::orders;
pub(crate) use crate::store::orders::OrderKey;

/// An order and the version of its document.
#[derive(Debug)]
pub(crate) struct OrderView {
    pub(crate) order: Order,
    pub(crate) version: Timestamp,
}

impl OrderView {
    pub(crate) fn version_tag(&self) -> String {
        version_tag(self.version)
    }
}

/// Returns the version of an order as clients see it (`ETag`).
pub(crate) fn version_tag(version: Timestamp) -> String {
    version.unix_micros().to_string()
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum ViewError {
    #[error(transparent)]
    Authentication(#[from] AuthenticationError),
    #[error("there is no such order")]
    NotFound,
    #[error(transparent)]
    Failure(#[from] Failure),
}

contains_failure!(ViewError);

/// Returns an order to its owner or to an admin. `id` is `None` for a text that is no order id: no order has it.
pub(crate) async fn view<H: Host>(
    context: &Context<'_, H>,
    caller: VerifiedToken,
    id: Option<&OrderId>,
) -> Result<OrderView, ViewError> {
    let found = async {
        match id {
            Some(id) => orders::find(&context.documents, id).await,
            None => Ok(None),
        }
    };
    let (principal, found) = join!(context.authenticate(&caller), found);
    let principal = principal?;
    let is_visible = |order: &Order| {
        let is_allowed = order.user_id == Some(principal.user) || principal.role == Role::Admin;
        is_allowed && !order.is_tombstone()
    };
    let found = found?.filter(|found| is_visible(&found.value)).ok_or(ViewError::NotFound)?;
    let version = repair_on_read(context, &found).await;
    Ok(OrderView { order: found.value, version })
}

/// Returns a page of orders, the newest first.
pub(crate) async fn list<H: Host>(
    context: &Context<'_, H>,
    filter: OrderFilter,
    page: PageRequest<OrderKey>,
) -> Result<PageItems<Order, OrderKey>, Failure> {
    Ok(orders::list(&context.documents, filter, page).await?)
}

/// Returns whether one of the user's latest orders contains the product and is not cancelled.
pub(crate) async fn has_purchased<H: Host>(
    context: &Context<'_, H>,
    user: UserId,
    product: ProductId,
) -> Result<bool, Failure> {
    let filter = OrderFilter { user: Some(user), status: None };
    let page = PageRequest { after: None, limit: SEARCHED_ORDERS };
    let latest = orders::list(&context.documents, filter, page).await?;
    let has_product = |order: &Order| order.items.iter().any(|line| line.product_id == product);
    Ok(latest.items.iter().any(|order| order.status != Status::Cancelled && has_product(order)))
}
