//! Reviews.

use capability::{Database, DbError};
use kernel::page::{Page, PageRequest};
use kernel::{ProductId, UserId};

use super::row::page;
use super::write::{WriteError, write};
use crate::domain::review::{Author, NewReview};

/// Lists a page of the reviews of an active product, newest first. Returns `None` if there is no such product.
pub async fn list_reviews(
    db: &impl Database,
    product: ProductId,
    request: &PageRequest<i64>,
) -> Result<Option<Page>, DbError> {
    let params = [product.get().into(), request.after.into(), request.limit.get().into()];
    page(db, &repeatable!("list_reviews"), &params).await
}

/// Writes a review and returns it.
pub async fn write_review(
    db: &impl Database,
    product: ProductId,
    author: &Author,
    review: &NewReview,
    is_verified_purchase: bool,
) -> Result<String, WriteError> {
    let params = [
        product.get().into(),
        author.user.get().into(),
        (&author.display_name).into(),
        review.rating.into(),
        (&review.comment).into(),
        is_verified_purchase.into(),
    ];
    write(db, &once!("write_review"), &params).await
}

/// Deletes a review of `author`, or of any author if that is `None`. Returns `false` if there is none.
pub async fn delete_review(
    db: &impl Database,
    product: ProductId,
    review: i64,
    author: Option<UserId>,
) -> Result<bool, DbError> {
    let params = [product.get().into(), review.into(), author.map(UserId::get).into()];
    Ok(db.query(&once!("delete_review"), &params).await?.is_some())
}
