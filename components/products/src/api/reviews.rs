//! Reviews.

use http::StatusCode;
use kernel::ProductId;
use web::{Call, Problem, Reply};

use super::catalog::revalidate;
use crate::app::{self, reviews};
use crate::domain::review::NewReview;
use crate::{App, Host};

pub(super) async fn list<H: Host>(service: &App<H>, call: &Call) -> Result<Reply, Problem> {
    let product: ProductId = call.id("id", "product")?;
    let request = call.page("reviews", &product)?;
    let page = app::list_reviews(&service.host, product, &request).await?;
    let page = page.ok_or_else(|| Problem::not_found("product"))?;
    revalidate(call, &call.page_json("reviews", &product, &page, &[])?.into())
}

pub(super) async fn write<H: Host>(service: &App<H>, mut call: Call) -> Result<Reply, Problem> {
    let config = &service.config;
    let caller = call.authenticate(&config.authentication, &service.host).await?;
    let review = NewReview::read(call.json().await?)?;
    let (product, trace) = (call.id::<ProductId>("id", "product")?, call.trace_context());
    let written =
        reviews::write_review(&service.host, &config.orders, &caller, product, &review, &trace).await;
    Ok(Reply::from_json(written?).with_status(StatusCode::CREATED))
}

pub(super) async fn delete<H: Host>(service: &App<H>, call: &Call) -> Result<Reply, Problem> {
    let caller = call.authenticate(&service.config.authentication, &service.host).await?;
    let (product, review) = (call.id("id", "product")?, call.id("reviewId", "review")?);
    match reviews::delete_review(&service.host, &caller, product, review).await? {
        true => Ok(Reply::no_content()),
        false => Err(Problem::not_found("review")),
    }
}
