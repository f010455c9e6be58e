//! The stories of the cart.

use firestore::CommitError;
use futures_util::join;
use http::{HeaderMap, StatusCode};
use kernel::{Quantity, VariantId};
use serde::Serialize;
use web::fields::{self, Fault};
use web::{Call, Problem, Reply};

use super::cart_owner::{CART_TOKEN, Opened, open, open_or_begin};
use super::orders::REPLAYED;
use super::{ATTEMPTS, contention_pause};
use crate::cart::{Cart, CartError, Item, Line, PricedCart};
use crate::catalog::{Catalog, Quote};
use crate::checkout::store_problem;
use crate::idempotency::change_id;
use crate::owner::{CartToken, Owner, hex};
use crate::store::Store;
use crate::{App, Host};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CartBody {
    #[serde(skip_serializing_if = "Option::is_none")]
    success: Option<bool>,
    cart: PricedCart,
    /// What a merge had no room for.
    #[serde(skip_serializing_if = "Option::is_none")]
    dropped_lines: Option<Vec<Item>>,
}

/// Something that is done to a cart.
struct Change<'c> {
    /// The same for a repeat.
    id: String,
    /// What it is about, so that its price is known.
    item: Option<Item>,
    make: &'c dyn Fn(&mut Cart, &Quote) -> Result<(), CartError>,
}

pub(super) async fn view_cart<H: Host>(app: &App<H>, call: &Call) -> Result<Reply, Problem> {
    let trace = call.trace_headers();
    let Opened { seen, .. } = open(app, call, &trace).await?;
    let quote = quote(app, &trace, &seen.cart, None).await?;
    cart_reply(&seen.cart, &quote, None, None)
}

pub(super) async fn add_to_cart<H: Host>(app: &App<H>, mut call: Call) -> Result<Reply, Problem> {
    // Who it is comes first: a stranger learns nothing about what is wrong with the body.
    let opened = open_or_begin(app, &call, &call.trace_headers()).await?;
    let mut body = call.json().await?;
    let product_id = body.required("productId", fields::number);
    let variant_id = body.optional("variantId", fields::number);
    let quantity = body.required("quantity", fields::number::<Quantity>);
    let (item, quantity) =
        body.finish(|| Some((Item { product_id: product_id?, variant_id: variant_id? }, quantity?)))?;
    // The only change that is not the same when it is made twice, so the only one for which a client needs a key.
    let told = format!("add {} {}", item.key(), quantity.get());
    let id = change_id(&call.headers, &told)?.unwrap_or_else(|| new_id(app));
    let make = |cart: &mut Cart, quote: &Quote| cart.add(item, quantity, quote.find(item));
    let token = match &opened.owner {
        Owner::Guest(token) => Some(token.clone()),
        Owner::User(_) => None,
    };
    let reply = change_cart(app, &call, opened, Change { id, item: Some(item), make: &make }).await?;
    Ok(match token {
        Some(token) => reply.with_header(CART_TOKEN, token.expose()),
        None => reply,
    })
}

pub(super) async fn set_line<H: Host>(app: &App<H>, mut call: Call) -> Result<Reply, Problem> {
    let opened = open(app, &call, &call.trace_headers()).await?;
    let item = item_of_path(&call)?;
    let mut body = call.json().await?;
    let quantity = body.required("quantity", |value| match fields::integer(value)? {
        0 => Ok(None),
        units => Quantity::try_from(units)
            .map(Some)
            .map_err(|_| Fault::new("out-of-range", "must be a whole number from 0 to 99")),
    });
    let quantity = body.finish(|| quantity)?;
    let make = |cart: &mut Cart, quote: &Quote| cart.set(item, quantity, quote.find(item));
    change_cart(app, &call, opened, Change { id: new_id(app), item: Some(item), make: &make }).await
}

pub(super) async fn remove_line<H: Host>(app: &App<H>, call: &Call) -> Result<Reply, Problem> {
    let opened = open(app, call, &call.trace_headers()).await?;
    let item = item_of_path(call)?;
    let make = |cart: &mut Cart, quote: &Quote| cart.set(item, None, quote.find(item));
    change_cart(app, call, opened, Change { id: new_id(app), item: None, make: &make }).await
}

pub(super) async fn clear_cart<H: Host>(app: &App<H>, call: &Call) -> Result<Reply, Problem> {
    let opened = open(app, call, &call.trace_headers()).await?;
    let make = |cart: &mut Cart, _: &Quote| {
        cart.items.clear();
        Ok(())
    };
    change_cart(app, call, opened, Change { id: new_id(app), item: None, make: &make }).await
}

/// Takes what a guest put into a cart over into the cart of the account, when the guest has logged in. One commit does both
/// halves; a repeat finds that it was done.
pub(super) async fn merge_cart<H: Host>(app: &App<H>, mut call: Call) -> Result<Reply, Problem> {
    let user = app.config.identification.caller(&app.host, &call).await?.user;
    let mut body = call.json().await?;
    let token = body.required("cartToken", |value| Ok(CartToken::parse(fields::text(value)?)));
    let token = body.finish(|| token)?.ok_or_else(|| Problem::not_found("cart"))?;
    let (trace, owner) = (call.trace_headers(), Owner::User(user));
    let store = Store::new(app, &trace);
    for attempt in 0..ATTEMPTS {
        let (seen, guest) = join!(store.cart(&owner), store.guest_cart(&token));
        let (seen, guest) = (seen.map_err(store_problem)?, guest.map_err(store_problem)?);
        let guest = guest.ok_or_else(|| Problem::not_found("cart"))?;
        let (mut cart, now) = (seen.cart, app.host.now());
        if guest.value.merged_into == Some(user) {
            let quote = quote(app, &trace, &cart, None).await?;
            return cart_reply(&cart, &quote, Some(true), Some(Vec::new()));
        }
        if !guest.value.is_open(now) {
            return Err(Problem::not_found("cart"));
        }
        let dropped = cart.merge(&guest.value);
        cart.note_change(&format!("merge {}", guest.value.id), false, now);
        let rest = guest.value.merged(user, now);
        match store.save_merged(user, (&cart, seen.version), &token, (&rest, guest.update_time)).await {
            Ok(()) => {
                let quote = quote(app, &trace, &cart, None).await?;
                return cart_reply(&cart, &quote, Some(true), Some(dropped));
            }
            Err(error) => stale_or_problem(error)?,
        }
        app.host.sleep(contention_pause(attempt, &app.host)).await;
    }
    Err(busy())
}

fn new_id<H: Host>(app: &App<H>) -> String {
    hex(&app.host.bytes::<16>())
}

/// The line that the path names: the product, and `?variantId=`.
fn item_of_path(call: &Call) -> Result<Item, Problem> {
    let product_id = call.id(0, "product")?;
    let variant =
        call.query().read("variantId", "must be the id of a variant", |text| text.parse::<i64>().ok())?;
    let variant_id = variant.map(VariantId::try_from).transpose().map_err(|_| Problem::not_found("line"))?;
    Ok(Item { product_id, variant_id })
}

/// Changes a cart. What others change at the same time is not lost: who comes second starts over. And a change is made once,
/// also if the answer to its commit was lost, or the client sends it again with its key.
async fn change_cart<H: Host>(
    app: &App<H>,
    call: &Call,
    Opened { owner, mut seen }: Opened,
    change: Change<'_>,
) -> Result<Reply, Problem> {
    let trace = call.trace_headers();
    let store = Store::new(app, &trace);
    let quoted = items_of(&seen.cart, change.item);
    let mut quote = quote(app, &trace, &seen.cart, change.item).await?;
    for attempt in 0..ATTEMPTS {
        if seen.cart.has_change(&change.id) {
            requote(app, &trace, &seen.cart, &quoted, &mut quote).await?;
            let reply = cart_reply(&seen.cart, &quote, Some(true), None)?;
            return Ok(if attempt == 0 { reply.with_header(REPLAYED, "true") } else { reply });
        }
        let mut cart = seen.cart.clone();
        (change.make)(&mut cart, &quote)?;
        if cart.items == seen.cart.items {
            return cart_reply(&cart, &quote, Some(true), None);
        }
        cart.note_change(&change.id, matches!(owner, Owner::Guest(_)), app.host.now());
        match store.save_cart(&owner, &cart, seen.version).await {
            Ok(()) => {
                requote(app, &trace, &cart, &quoted, &mut quote).await?;
                return cart_reply(&cart, &quote, Some(true), None);
            }
            Err(error) => stale_or_problem(error)?,
        }
        app.host.sleep(contention_pause(attempt, &app.host)).await;
        seen = store.cart(&owner).await.map_err(store_problem)?;
    }
    Err(busy())
}

/// Whoever lost a race starts over; everything else is told to the client.
fn stale_or_problem(error: CommitError) -> Result<(), Problem> {
    match error {
        CommitError::Stale | CommitError::AlreadyExists => Ok(()),
        CommitError::OutcomeUnknown(cause) => Err(Problem::unavailable("Firestore", cause)),
        CommitError::Refused(cause) => Err(Problem::internal(cause)),
    }
}

fn busy() -> Problem {
    let detail = "the cart keeps changing; send the same request again";
    Problem::new(StatusCode::CONFLICT, "cart-busy", detail).with_retry_after(1)
}

fn items_of(cart: &Cart, item: Option<Item>) -> Vec<Item> {
    let mut items: Vec<Item> = cart.lines().into_iter().map(Line::item).collect();
    if let Some(item) = item.filter(|item| !items.contains(item)) {
        items.push(item);
    }
    // One more than a cart may have is refused by the cart, and need not be asked about.
    items.truncate(crate::cart::MAX_LINES);
    items
}

/// Today's prices of all that is in the cart, and of what comes into it.
async fn quote<H: Host>(
    app: &App<H>,
    trace: &HeaderMap,
    cart: &Cart,
    item: Option<Item>,
) -> Result<Quote, Problem> {
    Ok(Catalog::new(&app.host, &app.config, trace).quote(&items_of(cart, item)).await?)
}

/// Asks once more if others have put in what the quote does not have.
async fn requote<H: Host>(
    app: &App<H>,
    trace: &HeaderMap,
    cart: &Cart,
    quoted: &[Item],
    quote: &mut Quote,
) -> Result<(), Problem> {
    if cart.lines().into_iter().all(|line| quoted.contains(&line.item())) {
        return Ok(());
    }
    *quote = self::quote(app, trace, cart, None).await?;
    Ok(())
}

fn cart_reply(
    cart: &Cart,
    quote: &Quote,
    success: Option<bool>,
    dropped_lines: Option<Vec<Item>>,
) -> Result<Reply, Problem> {
    let cart = cart.priced(quote).map_err(Problem::internal)?;
    Reply::ok(&CartBody { success, cart, dropped_lines })
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
