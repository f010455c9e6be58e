//! What shoppers say about products.

use bytes::Bytes;
use http::{Request, StatusCode};
use identity::Role;
use kernel::{ProductId, UserId};
use serde::Deserialize;
use web::{Call, Problem, Reply, page_json};

use super::refusals::refused;
use super::versioned;
use crate::review::{NewReview, author};
use crate::{App, Host, store};

pub(super) async fn list<H: Host>(app: &App<H>, call: &Call) -> Result<Reply, Problem> {
    let id: ProductId = call.id(0, "product")?;
    let query = call.query();
    let page = store::list_reviews(&app.host, id, query.cursor(&app.config.cursors)?, query.limit()?).await?;
    let page = page.ok_or_else(|| Problem::not_found("product"))?;
    versioned(call, page_json("reviews", &page.items, app.config.cursors.next(page.next), ""))
}

pub(super) async fn write<H: Host>(app: &App<H>, mut call: Call) -> Result<Reply, Problem> {
    let caller = app.config.identification.caller(&app.host, &call).await?;
    let review = NewReview::read(call.json().await?)?;
    let product: ProductId = call.id(0, "product")?;
    let is_verified = has_bought(app, &call, caller.user, product).await?;
    let shown_as = author(&caller.full_name);
    let written =
        store::write_review(&app.host, product, (caller.user, &shown_as), &review, is_verified).await;
    let written = written.map_err(|error| refused(error, "product"))?;
    Ok(Reply::finished(written).with_status(StatusCode::CREATED))
}

pub(super) async fn delete<H: Host>(app: &App<H>, call: &Call) -> Result<Reply, Problem> {
    let caller = app.config.identification.caller(&app.host, call).await?;
    let (product, review) = (call.id::<ProductId>(0, "product")?, call.id::<i64>(1, "review")?);
    let author = match caller.role {
        Role::Admin => None,
        Role::Customer => Some(caller.user),
    };
    if store::delete_review(&app.host, product, review, author).await? {
        Ok(Reply::no_content())
    } else {
        Err(Problem::not_found("review"))
    }
}

/// Asks the orders service, at the time of writing. If it does not say, nothing is written: what is claimed of a review
/// stays with it.
async fn has_bought<H: Host>(
    app: &App<H>,
    call: &Call,
    user: UserId,
    product: ProductId,
) -> Result<bool, Problem> {
    #[derive(Deserialize)]
    struct Purchase {
        purchased: bool,
    }
    let unavailable = |cause: String| Problem::unavailable("the orders service", cause);
    let url =
        format!("{}/internal/orders/purchases?userId={user}&productId={product}", app.config.orders_url);
    let mut request = Request::get(url)
        .header(http::header::AUTHORIZATION, format!("Bearer {}", app.config.service_token))
        .body(Bytes::new())
        .map_err(Problem::internal)?;
    request.headers_mut().extend(call.trace_headers());
    let answer = app.host.send(request).await.map_err(|error| unavailable(error.to_string()))?;
    if answer.status() != StatusCode::OK {
        return Err(unavailable(format!("it answered {}", answer.status())));
    }
    let told: Purchase =
        serde_json::from_slice(answer.body()).map_err(|error| unavailable(error.to_string()))?;
    Ok(told.purchased)
}
