//! The cart that a request is about.

use futures_util::join;
use identity::VerifiedToken;

use super::{CartError, LoadedCart};
use crate::Host;
use crate::app::context::Context;
use crate::domain::cart::Cart;
use crate::domain::cart_owner::{CartOwner, CartToken};
use crate::store::carts;

/// What a caller presents to use a cart.
#[derive(Debug)]
pub(crate) enum CartAccess {
    User(VerifiedToken),
    Guest(CartToken),
}

/// Loads the cart of the caller. A user is authenticated concurrently.
pub(crate) async fn load<H: Host>(
    context: &Context<'_, H>,
    access: CartAccess,
) -> Result<LoadedCart, CartError> {
    let token = match access {
        CartAccess::User(token) => token,
        CartAccess::Guest(token) => {
            return Ok(carts::load(&context.documents, CartOwner::Guest(token)).await?);
        }
    };
    let owner = CartOwner::User(token.user());
    let (principal, loaded) = join!(context.authenticate(&token), carts::load(&context.documents, owner));
    principal?;
    Ok(loaded?)
}

/// Loads the cart of the caller, or creates one for a new guest.
///
/// A guest whose token gives access to no cart receives another token, so that an attacker cannot make a guest use a cart
/// whose token the attacker has chosen.
pub(crate) async fn load_or_create<H: Host>(
    context: &Context<'_, H>,
    access: Option<CartAccess>,
) -> Result<LoadedCart, CartError> {
    let new_owner = || CartOwner::Guest(CartToken::new(context.host.bytes()));
    let Some(access) = access else {
        let cart = Cart::new(context.host.bytes(), context.now());
        return Ok(LoadedCart { owner: new_owner(), cart, version: None });
    };
    let loaded = load(context, access).await?;
    let is_new_guest = loaded.version.is_none() && loaded.owner.guest_token().is_some();
    Ok(if is_new_guest { LoadedCart { owner: new_owner(), ..loaded } } else { loaded })
}
