//! Reviews.

use capability::{Database, DbError, Http, TraceContext};
use identity::{Principal, Role};
use kernel::ProductId;

use crate::clients::orders::{OrdersClient, OrdersUnavailable};
use crate::domain::review::{Author, NewReview};
use crate::store::{self, WriteError};

/// Why a review was not written.
#[derive(Debug, thiserror::Error)]
pub enum ReviewError {
    #[error(transparent)]
    Orders(#[from] OrdersUnavailable),
    #[error(transparent)]
    Write(#[from] WriteError),
}

/// Writes a review and returns it. The orders service is asked whether its author has bought the product; without an answer
/// nothing is written, because the mark is never changed later.
pub async fn write_review(
    host: &(impl Database + Http),
    orders: &OrdersClient,
    caller: &Principal,
    product: ProductId,
    review: &NewReview,
    trace: &TraceContext,
) -> Result<String, ReviewError> {
    let is_verified = orders.has_purchased(host, caller.user, product, trace).await?;
    let author = Author::new(caller.user, &caller.full_name);
    Ok(store::write_review(host, product, &author, review, is_verified).await?)
}

/// Deletes a review: an admin any, another caller their own. Returns `false` if there is none.
pub async fn delete_review(
    db: &impl Database,
    caller: &Principal,
    product: ProductId,
    review: i64,
) -> Result<bool, DbError> {
    let author = match caller.role {
        Role::Admin => None,
        Role::Customer => Some(caller.user),
    };
    store::delete_review(db, product, review, author).await
}
