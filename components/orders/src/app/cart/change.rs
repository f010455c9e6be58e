//! Changes of a cart: concurrent changes are not lost, and a repeated request is applied once.

use super::pricing::CartQuote;
use super::{CartError, LoadedCart};
use crate::Host;
use crate::app::context::Context;
use crate::app::retry::{self, unless_conflict};
use crate::domain::cart::CartChange;
use crate::domain::idempotency::IdempotencyKey;
use crate::domain::priced_cart::PricedCart;
use crate::store::carts;
use capability::retry::{Attempt, retry_on_conflict};
use kernel::hex;

#[derive(Debug)]
pub(crate) struct ChangedCart {
    pub(crate) cart: PricedCart,
    /// Whether an earlier request with the same key has applied the change.
    pub(crate) is_replayed: bool,
}

/// Applies a change to a cart.
pub(crate) async fn change<H: Host>(
    context: &Context<'_, H>,
    mut loaded: LoadedCart,
    change: CartChange,
    key: Option<IdempotencyKey>,
) -> Result<ChangedCart, CartError> {
    let id = change_id(context, &change, key.as_ref());
    let quote = CartQuote::request(context, &loaded.cart, change.quoted_item()).await?;
    let changing = Changing { context, change, id, quote };
    let changed = retry_on_conflict(context.host, retry::CHANGE, async |number| {
        if number > 0 {
            loaded = carts::load(&context.documents, loaded.owner.clone()).await?;
        }
        changing.attempt(&loaded, number).await
    });
    changed.await?.ok_or(CartError::Busy)
}

/// Adding is the only change whose repeat has another effect, so that only it needs the client's key.
fn change_id<H: Host>(context: &Context<'_, H>, change: &CartChange, key: Option<&IdempotencyKey>) -> String {
    match (change, key) {
        (CartChange::Add { item, quantity }, Some(key)) => {
            key.change_id(&format!("add {} {}", item.key(), quantity.get()))
        }
        _ => hex(&context.host.bytes::<16>()),
    }
}

struct Changing<'a, H> {
    context: &'a Context<'a, H>,
    change: CartChange,
    /// The same for all attempts.
    id: String,
    quote: CartQuote,
}

impl<H: Host> Changing<'_, H> {
    async fn attempt(&self, loaded: &LoadedCart, number: u32) -> Result<Attempt<ChangedCart>, CartError> {
        if loaded.cart.has_change(&self.id) {
            let cart = self.quote.price(self.context, &loaded.cart).await?;
            return Ok(Attempt::Done(ChangedCart { cart, is_replayed: number == 0 }));
        }
        let mut cart = loaded.cart.clone();
        cart.apply(&self.change, &self.quote.quote)?;
        if cart.items != loaded.cart.items {
            cart.remember_change(&self.id, loaded.owner.guest_token().is_some(), self.context.now());
            let saved = carts::save(&self.context.documents, loaded, &cart).await;
            if unless_conflict(saved)?.is_none() {
                return Ok(Attempt::Conflict);
            }
        }
        let cart = self.quote.price(self.context, &cart).await?;
        Ok(Attempt::Done(ChangedCart { cart, is_replayed: false }))
    }
}
