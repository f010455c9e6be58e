//! Current prices of a cart.

use super::CartError;
use crate::Host;
use crate::app::context::Context;
use crate::app::failure::Failure;
use crate::clients::products::ProductsError;
use crate::domain::cart::Cart;
use crate::domain::item::Item;
use crate::domain::limits::MAX_CART_LINES;
use crate::domain::priced_cart::PricedCart;
use crate::domain::quote::Quote;

/// A quote, and the items for which it was requested.
pub(super) struct CartQuote {
    pub(super) quote: Quote,
    items: Vec<Item>,
}

impl CartQuote {
    /// Requests the prices of all items of a cart, and of the item that a change concerns.
    pub(super) async fn request<H: Host>(
        context: &Context<'_, H>,
        cart: &Cart,
        item: Option<Item>,
    ) -> Result<Self, ProductsError> {
        let mut items = cart.item_list();
        items.extend(item.filter(|item| !items.contains(item)));
        // The cart rejects an item for which it has no free line, so that its price is not needed.
        items.truncate(MAX_CART_LINES);
        Ok(Self { quote: context.products.quote(&items).await?, items })
    }

    /// Prices a cart, with a new quote if concurrent requests have added items that this one does not contain.
    pub(super) async fn price<H: Host>(
        &self,
        context: &Context<'_, H>,
        cart: &Cart,
    ) -> Result<PricedCart, CartError> {
        if cart.item_list().iter().all(|item| self.items.contains(item)) {
            return priced(cart, &self.quote);
        }
        price(context, cart).await
    }
}

/// Prices a cart.
pub(crate) async fn price<H: Host>(context: &Context<'_, H>, cart: &Cart) -> Result<PricedCart, CartError> {
    let CartQuote { quote, .. } = CartQuote::request(context, cart, None).await?;
    priced(cart, &quote)
}

fn priced(cart: &Cart, quote: &Quote) -> Result<PricedCart, CartError> {
    Ok(PricedCart::new(cart, quote).map_err(|error| Failure::Defect(error.to_string()))?)
}
