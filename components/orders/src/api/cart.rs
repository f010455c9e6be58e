//! `/orders/cart`

use serde::Serialize;
use web::{Call, Problem, Reply};

use super::orders::REPLAYED;
use super::requests::{self, CART_TOKEN, cart_access, optional_cart_access};
use crate::Host;
use crate::app::cart::{self, ChangedCart, LoadedCart};
use crate::app::context::Context;
use crate::domain::cart::CartChange;
use crate::domain::item::Item;
use crate::domain::priced_cart::PricedCart;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CartResponse {
    #[serde(skip_serializing_if = "Option::is_none")]
    success: Option<bool>,
    cart: PricedCart,
    #[serde(skip_serializing_if = "Option::is_none")]
    dropped_lines: Option<Vec<Item>>,
}

pub(super) async fn view<H: Host>(context: &Context<'_, H>, call: &Call) -> Result<Reply, Problem> {
    let loaded = load(context, call).await?;
    let cart = cart::price(context, &loaded.cart).await?;
    Reply::ok(&CartResponse { success: None, cart, dropped_lines: None })
}

pub(super) async fn add<H: Host>(context: &Context<'_, H>, mut call: Call) -> Result<Reply, Problem> {
    // The caller is checked first: without valid credentials, a response says nothing about the body.
    let access = optional_cart_access(context, &call)?;
    let loaded = cart::load_or_create(context, access).await?;
    let addition = requests::addition(call.json().await?)?;
    let key = requests::idempotency_key(&call)?;
    let token = loaded.owner.guest_token().cloned();
    let reply = changed(cart::change(context, loaded, addition, key).await?)?;
    Ok(match token {
        Some(token) => reply.with_header(CART_TOKEN, token.expose()),
        None => reply,
    })
}

pub(super) async fn set_line<H: Host>(context: &Context<'_, H>, mut call: Call) -> Result<Reply, Problem> {
    let loaded = load(context, &call).await?;
    let item = requests::item(&call)?;
    let quantity = requests::quantity(call.json().await?)?;
    changed(cart::change(context, loaded, CartChange::Set { item, quantity }, None).await?)
}

pub(super) async fn remove_line<H: Host>(context: &Context<'_, H>, call: &Call) -> Result<Reply, Problem> {
    let loaded = load(context, call).await?;
    let item = requests::item(call)?;
    changed(cart::change(context, loaded, CartChange::Remove { item }, None).await?)
}

pub(super) async fn clear<H: Host>(context: &Context<'_, H>, call: &Call) -> Result<Reply, Problem> {
    let loaded = load(context, call).await?;
    changed(cart::change(context, loaded, CartChange::Clear, None).await?)
}

pub(super) async fn merge<H: Host>(context: &Context<'_, H>, mut call: Call) -> Result<Reply, Problem> {
    let user = requests::caller(context, &call).await?.user;
    let token = requests::cart_token(call.json().await?)?.ok_or_else(|| Problem::not_found("cart"))?;
    let merged = cart::merge(context, user, &token).await?;
    let dropped_lines = Some(merged.dropped_lines);
    Reply::ok(&CartResponse { success: Some(true), cart: merged.cart, dropped_lines })
}

async fn load<H: Host>(context: &Context<'_, H>, call: &Call) -> Result<LoadedCart, Problem> {
    Ok(cart::load(context, cart_access(context, call)?).await?)
}

fn changed(changed: ChangedCart) -> Result<Reply, Problem> {
    let response = CartResponse { success: Some(true), cart: changed.cart, dropped_lines: None };
    let reply = Reply::ok(&response)?;
    Ok(if changed.is_replayed { reply.with_header(REPLAYED, "true") } else { reply })
}
