//! The merge of a guest's cart into the cart of the user who has logged in.

use capability::retry::{Attempt, retry_on_conflict};
use firestore::Versioned;
use futures_util::join;
use kernel::UserId;

use super::{CartError, LoadedCart, price};
use crate::Host;
use crate::app::context::Context;
use crate::app::retry::{self, unless_conflict};
use crate::domain::cart::Cart;
use crate::domain::cart_owner::{CartOwner, CartToken};
use crate::domain::item::Item;
use crate::domain::priced_cart::PricedCart;
use crate::store::carts::{self, CartMerge};

#[derive(Debug)]
pub(crate) struct MergedCart {
    pub(crate) cart: PricedCart,
    /// The items for which the user's cart had no free line.
    pub(crate) dropped_lines: Vec<Item>,
}

/// Merges the cart of a guest into that of a user. One commit changes both carts; a repeat finds the merge done.
pub(crate) async fn merge<H: Host>(
    context: &Context<'_, H>,
    user: UserId,
    token: &CartToken,
) -> Result<MergedCart, CartError> {
    let owner = CartOwner::User(user);
    let merged = retry_on_conflict(context.host, retry::CHANGE, async |_| {
        let (loaded, guest) = join!(
            carts::load(&context.documents, owner.clone()),
            carts::find_guest_cart(&context.documents, token)
        );
        let (loaded, guest) = (loaded?, guest?.ok_or(CartError::NotFound)?);
        attempt(context, user, loaded, token, &guest).await
    });
    merged.await?.ok_or(CartError::Busy)
}

async fn attempt<H: Host>(
    context: &Context<'_, H>,
    user: UserId,
    loaded: LoadedCart,
    token: &CartToken,
    guest: &Versioned<Cart>,
) -> Result<Attempt<MergedCart>, CartError> {
    let now = context.now();
    if guest.value.merged_into == Some(user) {
        let cart = price(context, &loaded.cart).await?;
        return Ok(Attempt::Done(MergedCart { cart, dropped_lines: Vec::new() }));
    }
    if !guest.value.is_open(now) {
        return Err(CartError::NotFound);
    }
    let mut merged = loaded.cart.clone();
    let dropped_lines = merged.merge(&guest.value);
    merged.remember_change(&format!("merge {}", guest.value.id), false, now);
    let emptied = &guest.value.after_merge(user, now);
    let merge = CartMerge { user: &loaded, merged: &merged, token, guest, emptied };
    let saved = carts::save_merge(&context.documents, &merge).await;
    if unless_conflict(saved)?.is_none() {
        return Ok(Attempt::Conflict);
    }
    Ok(Attempt::Done(MergedCart { cart: price(context, &merged).await?, dropped_lines }))
}
