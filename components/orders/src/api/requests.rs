//! What requests contain: credentials, keys, parameters and bodies.

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName};
use identity::Principal;
use identity::VerifiedToken;
use kernel::fields::{self, FieldFault, Fields, InvalidFields};
use kernel::{OrderId, Quantity, UserId, VariantId};
use web::{Call, Problem, Query};

use crate::app::cart::CartAccess;
use crate::app::context::Context;
use crate::app::crash_point::CrashPoint;
use crate::domain::cart::CartChange;
use crate::domain::cart_owner::CartToken;
use crate::domain::checkout_options::CheckoutOptions;
use crate::domain::idempotency::IdempotencyKey;
use crate::domain::item::Item;
use crate::domain::limits::{
    MAX_ADDRESS_LINE_LENGTH, MAX_CITY_LENGTH, MAX_NOTES_LENGTH, MAX_POSTAL_CODE_LENGTH,
};
use crate::domain::order::{ShippingAddress, Status};
use crate::{App, Host};

/// The token of a guest's cart, in requests and responses.
pub(super) const CART_TOKEN: HeaderName = HeaderName::from_static("x-cart-token");

pub(super) fn context<'a, H: Host>(app: &'a App<H>, call: &Call) -> Context<'a, H> {
    Context::new(app, call.trace_context(), crash_point(&call.headers))
}

#[cfg(not(feature = "crash-points"))]
fn crash_point(_: &HeaderMap) -> CrashPoint {
    CrashPoint
}

#[cfg(feature = "crash-points")]
fn crash_point(headers: &HeaderMap) -> CrashPoint {
    let header = headers.get("x-stop-after").and_then(|value| value.to_str().ok());
    header.map(CrashPoint::parse).unwrap_or_default()
}

/// Verifies the signature of the caller's access token. The use case authenticates the caller.
pub(super) fn verified_token<H: Host>(
    context: &Context<'_, H>,
    call: &Call,
) -> Result<VerifiedToken, Problem> {
    call.verified_token(&context.config.authentication, context.host)
}

pub(super) async fn caller<H: Host>(context: &Context<'_, H>, call: &Call) -> Result<Principal, Problem> {
    call.authenticate(&context.config.authentication, context.host).await
}

pub(super) async fn require_admin<H: Host>(context: &Context<'_, H>, call: &Call) -> Result<(), Problem> {
    call.authenticate_admin(&context.config.authentication, context.host).await.map(|_| ())
}

/// Reads the credentials for a cart: those of a user, or else the token of a guest.
pub(super) fn cart_access<H: Host>(context: &Context<'_, H>, call: &Call) -> Result<CartAccess, Problem> {
    match call.headers.get(CART_TOKEN) {
        Some(value) if !call.headers.contains_key(AUTHORIZATION) => {
            let token = value.to_str().ok().and_then(|text| CartToken::parse(text.trim()));
            token.map(CartAccess::Guest).ok_or_else(invalid_cart_token)
        }
        _ => Ok(CartAccess::User(verified_token(context, call)?)),
    }
}

/// Reads the credentials for a cart; `None` if the request has none.
pub(super) fn optional_cart_access<H: Host>(
    context: &Context<'_, H>,
    call: &Call,
) -> Result<Option<CartAccess>, Problem> {
    let has_none = !call.headers.contains_key(AUTHORIZATION) && !call.headers.contains_key(CART_TOKEN);
    if has_none { Ok(None) } else { cart_access(context, call).map(Some) }
}

fn invalid_cart_token() -> Problem {
    Problem::unauthorized("invalid-cart-token", "send X-Cart-Token as you got it, or log in")
}

pub(super) fn idempotency_key(call: &Call) -> Result<Option<IdempotencyKey>, Problem> {
    let Some(value) = call.headers.get("idempotency-key") else { return Ok(None) };
    let key = IdempotencyKey::parse(value.to_str().unwrap_or_default());
    key.map(Some).map_err(|error| Problem::invalid_parameter("Idempotency-Key", error.to_string()))
}

/// Reads the order id in the path; `None` for a text that is no order id: no order has it.
pub(super) fn order_id(call: &Call) -> Option<OrderId> {
    call.param("orderId").parse().ok()
}

/// Reads the item of a cart line: the product in the path, and `?variantId=`.
pub(super) fn item(call: &Call) -> Result<Item, Problem> {
    let product_id = call.id("productId", "product")?;
    let variant =
        call.query().read("variantId", "must be the id of a variant", |text| text.parse::<i64>().ok())?;
    let variant_id = variant.map(VariantId::try_from).transpose().map_err(|_| Problem::not_found("line"))?;
    Ok(Item { product_id, variant_id })
}

pub(super) fn user_filter(query: &Query) -> Result<Option<UserId>, Problem> {
    query.read("userId", "must be an id", UserId::parse)
}

pub(super) fn status_filter(query: &Query) -> Result<Option<Status>, Problem> {
    query.read("status", "must be one of pending, confirmed, shipped, delivered, cancelled", Status::parse)
}

pub(super) fn addition(mut body: Fields) -> Result<CartChange, InvalidFields> {
    let product_id = body.required("productId", fields::number);
    let variant_id = body.optional("variantId", fields::number);
    let quantity = body.required("quantity", fields::number::<Quantity>);
    body.finish(|| {
        let item = Item { product_id: product_id?, variant_id: variant_id? };
        Some(CartChange::Add { item, quantity: quantity? })
    })
}

/// Reads a quantity; `None` for 0.
pub(super) fn quantity(mut body: Fields) -> Result<Option<Quantity>, InvalidFields> {
    let quantity = body.required("quantity", |value| match fields::integer(value)? {
        0 => Ok(None),
        units => Quantity::try_from(units)
            .map(Some)
            .map_err(|_| FieldFault::new("out-of-range", "must be a whole number from 0 to 99")),
    });
    body.finish(|| quantity)
}

/// Reads the token of the cart to merge; `None` for a text that is no token: no cart has it.
pub(super) fn cart_token(mut body: Fields) -> Result<Option<CartToken>, InvalidFields> {
    let token = body.required("cartToken", |value| Ok(CartToken::parse(fields::text(value)?)));
    body.finish(|| token)
}

/// Reads the status that an admin sets. No order becomes pending.
pub(super) fn new_status(mut body: Fields) -> Result<Status, InvalidFields> {
    let status = body.required("status", |value| {
        let expected = "must be one of confirmed, shipped, delivered, cancelled";
        let status = Status::parse(fields::text(value)?).filter(|status| *status != Status::Pending);
        status.ok_or_else(|| FieldFault::new("invalid", expected))
    });
    body.finish(|| status)
}

pub(super) fn checkout_options(mut body: Fields) -> Result<CheckoutOptions, InvalidFields> {
    let shipping_address = body.optional_object("shippingAddress", shipping_address);
    let expected_total = body.optional("expectedTotal", fields::money);
    let notes = body.optional("notes", |value| {
        let notes = fields::text(value)?;
        if notes.chars().count() > MAX_NOTES_LENGTH {
            let detail = format!("must have at most {MAX_NOTES_LENGTH} characters");
            return Err(FieldFault::new("wrong-length", detail));
        }
        Ok(notes.to_owned())
    });
    body.finish(|| {
        Some(CheckoutOptions {
            idempotency_key: None,
            shipping_address: shipping_address?,
            expected_total: expected_total?,
            notes: notes?,
        })
    })
}

fn shipping_address(body: &mut Fields) -> Option<ShippingAddress> {
    let full_name = body.optional("fullName", fields::line(MAX_ADDRESS_LINE_LENGTH));
    let street_address = body.required("streetAddress", fields::line(MAX_ADDRESS_LINE_LENGTH));
    let city = body.required("city", fields::line(MAX_CITY_LENGTH));
    let region = body.optional("region", fields::line(MAX_CITY_LENGTH));
    let postal_code = body.optional("postalCode", fields::line(MAX_POSTAL_CODE_LENGTH));
    let country = body.required("country", fields::country);
    Some(ShippingAddress {
        full_name: full_name?,
        street_address: street_address?,
        city: city?,
        region: region?,
        postal_code: postal_code?,
        country: country?.as_str().to_owned(),
    })
}
