//! The stories of the cart.

use std::time::Duration;

use capability::Entropy;
use firestore::CommitError;
use futures_util::join;
use http::{HeaderMap, StatusCode};
use kernel::{Quantity, UserId, VariantId};
use serde::Serialize;
use web::fields::{self, Fault};
use web::{Call, Problem, Reply};

use super::ATTEMPTS;
use crate::cart::{Cart, CartError, Item, Line, PricedCart};
use crate::catalog::{Catalog, Quote};
use crate::checkout::store_problem;
use crate::store::{Seen, Store};
use crate::{App, Host};

#[derive(Serialize)]
struct CartBody {
    #[serde(skip_serializing_if = "Option::is_none")]
    success: Option<bool>,
    cart: PricedCart,
}

pub(super) async fn view_cart<H: Host>(app: &App<H>, call: &Call) -> Result<Reply, Problem> {
    let trace = call.trace_headers();
    let (_, seen) = known_with_cart(app, call, &trace).await?;
    let quote = quote(app, &trace, &seen.cart, None).await?;
    cart_reply(&seen.cart, &quote, None)
}

pub(super) async fn add_to_cart<H: Host>(app: &App<H>, mut call: Call) -> Result<Reply, Problem> {
    // Who it is comes first: a stranger learns nothing about what is wrong with the body.
    let known = known_with_cart(app, &call, &call.trace_headers()).await?;
    let mut body = call.json().await?;
    let product_id = body.required("productId", fields::number);
    let variant_id = body.optional("variantId", fields::number);
    let quantity = body.required("quantity", fields::number::<Quantity>);
    let (item, quantity) =
        body.finish(|| Some((Item { product_id: product_id?, variant_id: variant_id? }, quantity?)))?;
    change_cart(app, &call, known, Some(item), |cart, quote| cart.add(item, quantity, quote.find(item))).await
}

pub(super) async fn set_line<H: Host>(app: &App<H>, mut call: Call) -> Result<Reply, Problem> {
    let known = known_with_cart(app, &call, &call.trace_headers()).await?;
    let item = item_of_path(&call)?;
    let mut body = call.json().await?;
    let quantity = body.required("quantity", |value| match fields::integer(value)? {
        0 => Ok(None),
        units => Quantity::try_from(units)
            .map(Some)
            .map_err(|_| Fault::new("out-of-range", "must be a whole number from 0 to 99")),
    });
    let quantity = body.finish(|| quantity)?;
    change_cart(app, &call, known, Some(item), |cart, quote| cart.set(item, quantity, quote.find(item))).await
}

pub(super) async fn remove_line<H: Host>(app: &App<H>, call: &Call) -> Result<Reply, Problem> {
    let known = known_with_cart(app, call, &call.trace_headers()).await?;
    let item = item_of_path(call)?;
    change_cart(app, call, known, None, |cart, quote| cart.set(item, None, quote.find(item))).await
}

pub(super) async fn clear_cart<H: Host>(app: &App<H>, call: &Call) -> Result<Reply, Problem> {
    let known = known_with_cart(app, call, &call.trace_headers()).await?;
    let clear = |cart: &mut Cart, _: &Quote| {
        cart.items.clear();
        Ok(())
    };
    change_cart(app, call, known, None, clear).await
}

/// The line that the path names: the product, and `?variantId=`.
fn item_of_path(call: &Call) -> Result<Item, Problem> {
    let product_id = call.id(0, "product")?;
    let variant =
        call.query().read("variantId", "must be the id of a variant", |text| text.parse::<i64>().ok())?;
    let variant_id = variant.map(VariantId::try_from).transpose().map_err(|_| Problem::not_found("line"))?;
    Ok(Item { product_id, variant_id })
}

/// Changes the caller's cart. What others change at the same time is not lost: who comes second starts over.
async fn change_cart<H: Host>(
    app: &App<H>,
    call: &Call,
    (user, mut seen): (UserId, Seen),
    item: Option<Item>,
    change: impl Fn(&mut Cart, &Quote) -> Result<(), CartError>,
) -> Result<Reply, Problem> {
    let trace = call.trace_headers();
    let store = Store::new(app, &trace);
    for attempt in 0..ATTEMPTS {
        let quote = quote(app, &trace, &seen.cart, item).await?;
        let mut cart = seen.cart.clone();
        change(&mut cart, &quote)?;
        cart.updated_at = app.host.now();
        match store.save_cart(user, &cart, seen.version).await {
            Ok(()) => return cart_reply(&cart, &quote, Some(true)),
            Err(CommitError::Stale | CommitError::AlreadyExists) => {}
            Err(CommitError::OutcomeUnknown(cause)) => return Err(Problem::unavailable("Firestore", cause)),
            Err(CommitError::Refused(cause)) => return Err(Problem::internal(cause)),
        }
        app.host.sleep(contention_pause(attempt, &app.host)).await;
        seen = store.cart(user).await.map_err(store_problem)?;
    }
    Err(Problem::new(
        StatusCode::CONFLICT,
        "cart-busy",
        "the cart keeps changing; send the same request again",
    )
    .with_retry_after(1))
}

/// Up to 10 ms at first, up to 100 ms in the end: those who collided shall not come back together.
pub(super) fn contention_pause(attempt: u32, entropy: &impl Entropy) -> Duration {
    let [random] = entropy.bytes::<1>();
    let longest_ms = attempt.saturating_add(1).saturating_mul(10).min(100);
    Duration::from_millis(longest_ms.into()).saturating_mul(random.into()) / 256
}

/// The caller and their cart, both asked for at once.
async fn known_with_cart<H: Host>(
    app: &App<H>,
    call: &Call,
    trace: &HeaderMap,
) -> Result<(UserId, Seen), Problem> {
    let claimed = app.config.identification.claimed(&app.host, call)?;
    let store = Store::new(app, trace);
    let (principal, seen) =
        join!(app.config.identification.identified(&app.host, &claimed, trace), store.cart(claimed.user));
    Ok((principal?.user, seen.map_err(store_problem)?))
}

/// Today's prices of all that is in the cart, and of what comes into it.
async fn quote<H: Host>(
    app: &App<H>,
    trace: &HeaderMap,
    cart: &Cart,
    item: Option<Item>,
) -> Result<Quote, Problem> {
    let mut items: Vec<Item> = cart.lines().into_iter().map(Line::item).collect();
    if let Some(item) = item.filter(|item| !items.contains(item)) {
        items.push(item);
    }
    // One more than a cart may have is refused below, and need not be asked about.
    items.truncate(crate::cart::MAX_LINES);
    Ok(Catalog::new(&app.host, &app.config, trace).quote(&items).await?)
}

fn cart_reply(cart: &Cart, quote: &Quote, success: Option<bool>) -> Result<Reply, Problem> {
    let cart = cart.priced(quote).map_err(Problem::internal)?;
    Reply::ok(&CartBody { success, cart })
}

impl From<CartError> for Problem {
    fn from(error: CartError) -> Self {
        match error {
            CartError::NoSuchProduct => Problem::not_found("product"),
            CartError::NoSuchLine => Problem::not_found("line"),
            CartError::TooMany | CartError::TooManyLines => {
                let (field, code) = ("quantity".to_owned(), "out-of-range");
                let detail = error.to_string();
                fields::validation_failed(vec![web::FieldError { field, code, detail }])
            }
            CartError::InsufficientStock { item, requested, available } => {
                let short = serde_json::json!([{
                    "productId": item.product_id, "variantId": item.variant_id,
                    "requested": requested, "available": available,
                }]);
                let detail = format!("only {available} of them are available; ask for fewer");
                Problem::new(StatusCode::CONFLICT, "insufficient-stock", detail).with("shortLines", short)
            }
        }
    }
}
