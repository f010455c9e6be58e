//! Carts: what a shopper wants to buy, and what it costs now.

use std::collections::BTreeMap;

use kernel::money::MoneyError;
use kernel::{Currency, Money, ProductId, Quantity, Timestamp, VariantId};
use serde::{Deserialize, Serialize};

use crate::catalog::{Quote, QuoteLine};

/// The most lines of a cart.
pub const MAX_LINES: usize = 100;

/// A cart as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cart {
    /// Random, so that the ids of the orders it becomes cannot be guessed.
    pub id: String,
    /// How many orders it has become. Each generation becomes one order at most.
    pub generation: i64,
    /// The lines by [`Item::key`].
    pub items: BTreeMap<String, Line>,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// A thing that can be bought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Item {
    /// The product.
    pub product_id: ProductId,
    /// Which variant of it.
    pub variant_id: Option<VariantId>,
}

/// A line of a cart as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Line {
    // Not a flattened Item: serde cannot, with numbers of arbitrary precision.
    /// The product.
    pub product_id: ProductId,
    /// Which variant of it.
    pub variant_id: Option<VariantId>,
    /// How many.
    pub quantity: Quantity,
    /// What it was called when it was added.
    pub product_name: String,
    /// What one cost when it was added, in minor units.
    pub price_minor: i64,
    /// Lines are shown in the order in which they were added.
    pub position: i64,
}

/// Why a cart was not changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CartError {
    /// The shop does not sell it.
    #[error("there is no such product")]
    NoSuchProduct,
    /// The cart does not have it.
    #[error("the cart has no such line")]
    NoSuchLine,
    /// More than a line may have.
    #[error("a line may have at most 99 units")]
    TooMany,
    /// More lines than a cart may have.
    #[error("a cart may have at most 100 lines")]
    TooManyLines,
    /// There are not so many.
    #[error("only {available} of them are available")]
    InsufficientStock {
        /// What is short.
        item: Item,
        /// How many the line would have had.
        requested: i64,
        /// How many there are.
        available: i64,
    },
}

/// A cart with today's prices.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PricedCart {
    items: Vec<PricedLine>,
    total_amount: Money,
    currency: Currency,
    item_count: i64,
    updated_at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct PricedLine {
    product_id: ProductId,
    variant_id: Option<VariantId>,
    product_name: String,
    quantity: Quantity,
    price: Money,
    line_total: Money,
    available: i64,
    price_changed: bool,
}

impl Item {
    /// The name of its line in the cart.
    #[must_use]
    pub fn key(&self) -> String {
        match self.variant_id {
            Some(variant) => format!("p{}v{variant}", self.product_id),
            None => format!("p{}", self.product_id),
        }
    }
}

impl Line {
    /// What it is a line of.
    #[must_use]
    pub fn item(&self) -> Item {
        Item { product_id: self.product_id, variant_id: self.variant_id }
    }
}

impl Cart {
    /// An empty cart.
    #[must_use]
    pub fn new(random: [u8; 16], now: Timestamp) -> Self {
        let id = format!("{:032x}", u128::from_be_bytes(random));
        Self { id, generation: 1, items: BTreeMap::new(), updated_at: now }
    }

    /// The lines in the order in which they were added.
    #[must_use]
    pub fn lines(&self) -> Vec<&Line> {
        let mut lines: Vec<&Line> = self.items.values().collect();
        lines.sort_by_key(|line| line.position);
        lines
    }

    /// Adds units of something. `quote` says what it costs and how many there are.
    ///
    /// # Errors
    /// [`CartError`]
    pub fn add(&mut self, item: Item, more: Quantity, quote: Option<&QuoteLine>) -> Result<(), CartError> {
        let quantity = match self.items.get(&item.key()) {
            Some(line) => line.quantity.checked_add(more).ok_or(CartError::TooMany)?,
            None if self.items.len() >= MAX_LINES => return Err(CartError::TooManyLines),
            None => more,
        };
        self.put(item, quantity, quote)
    }

    /// Sets how many of something the cart has; none removes it.
    ///
    /// # Errors
    /// [`CartError`]
    pub fn set(
        &mut self,
        item: Item,
        quantity: Option<Quantity>,
        quote: Option<&QuoteLine>,
    ) -> Result<(), CartError> {
        if !self.items.contains_key(&item.key()) {
            return Err(CartError::NoSuchLine);
        }
        match quantity {
            Some(quantity) => self.put(item, quantity, quote),
            None => {
                self.items.remove(&item.key());
                Ok(())
            }
        }
    }

    fn put(&mut self, item: Item, quantity: Quantity, quote: Option<&QuoteLine>) -> Result<(), CartError> {
        let quote = quote.ok_or(CartError::NoSuchProduct)?;
        if quote.available < quantity.get() {
            let (requested, available) = (quantity.get(), quote.available.max(0));
            return Err(CartError::InsufficientStock { item, requested, available });
        }
        let last = self.items.values().map(|line| line.position).max().unwrap_or(0);
        let position = self.items.get(&item.key()).map_or(last.saturating_add(1), |line| line.position);
        let line = Line {
            product_id: item.product_id,
            variant_id: item.variant_id,
            quantity,
            product_name: quote.product_name.clone(),
            price_minor: quote.price.minor(),
            position,
        };
        self.items.insert(item.key(), line);
        Ok(())
    }

    /// The cart after it became an order.
    #[must_use]
    pub fn next_generation(&self, now: Timestamp) -> Self {
        let generation = self.generation.saturating_add(1);
        Self { id: self.id.clone(), generation, items: BTreeMap::new(), updated_at: now }
    }

    /// The cart with what it has, when the order it would have become can never be.
    #[must_use]
    pub fn retry_generation(&self) -> Self {
        Self { generation: self.generation.saturating_add(1), ..self.clone() }
    }

    /// The cart at today's prices. What is not sold any more keeps its last price and has nothing available.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`]
    pub fn priced(&self, quote: &Quote) -> Result<PricedCart, MoneyError> {
        let mut total = Money::zero(quote.currency);
        let mut items = Vec::with_capacity(self.items.len());
        let mut item_count = 0_i64;
        for line in self.lines() {
            let now = quote.find(line.item());
            let price = now.map_or(Money::from_minor(line.price_minor, quote.currency), |now| now.price);
            let line_total = price.checked_mul(line.quantity.get())?;
            total = total.checked_add(line_total)?;
            item_count = item_count.saturating_add(line.quantity.get());
            items.push(PricedLine {
                product_id: line.product_id,
                variant_id: line.variant_id,
                product_name: now.map_or(&line.product_name, |now| &now.product_name).clone(),
                quantity: line.quantity,
                price,
                line_total,
                available: now.map_or(0, |now| now.available),
                price_changed: price.minor() != line.price_minor,
            });
        }
        let (currency, updated_at) = (quote.currency, self.updated_at);
        Ok(PricedCart { items, total_amount: total, currency, item_count, updated_at })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(product: i64) -> Item {
        Item { product_id: ProductId::try_from(product).unwrap(), variant_id: None }
    }

    fn quote(product: i64, price: i64, available: i64) -> QuoteLine {
        QuoteLine {
            product_id: item(product).product_id,
            variant_id: None,
            product_name: format!("thing {product}"),
            price: Money::from_minor(price, Currency::Usd),
            available,
        }
    }

    fn units(units: i64) -> Quantity {
        Quantity::try_from(units).unwrap()
    }

    fn cart() -> Cart {
        Cart::new([7; 16], Timestamp::default())
    }

    #[test]
    fn adding_the_same_thing_twice_makes_one_line() {
        let mut cart = cart();
        cart.add(item(2), units(1), Some(&quote(2, 500, 10))).unwrap();
        cart.add(item(1), units(2), Some(&quote(1, 129_999, 10))).unwrap();
        cart.add(item(2), units(1), Some(&quote(2, 500, 10))).unwrap();
        let lines: Vec<_> =
            cart.lines().iter().map(|line| (line.product_id.get(), line.quantity.get())).collect();
        assert_eq!(lines, [(2, 2), (1, 2)]);
    }

    #[test]
    fn what_cannot_be_had_is_not_added() {
        let mut cart = cart();
        assert_eq!(cart.add(item(1), units(1), None), Err(CartError::NoSuchProduct));
        let short = CartError::InsufficientStock { item: item(1), requested: 3, available: 2 };
        assert_eq!(cart.add(item(1), units(3), Some(&quote(1, 1, 2))), Err(short));
        cart.add(item(1), units(60), Some(&quote(1, 1, 1000))).unwrap();
        assert_eq!(cart.add(item(1), units(40), Some(&quote(1, 1, 1000))), Err(CartError::TooMany));
        assert_eq!(cart.set(item(2), None, None), Err(CartError::NoSuchLine));
        cart.set(item(1), None, None).unwrap();
        assert!(cart.items.is_empty());
    }

    #[test]
    fn totals_are_exact_and_changed_prices_are_said() {
        let mut cart = cart();
        cart.add(item(1), units(2), Some(&quote(1, 129_999, 10))).unwrap();
        cart.add(item(2), units(1), Some(&quote(2, 500, 10))).unwrap();
        let today = Quote { currency: Currency::Usd, lines: vec![quote(1, 129_999, 10), quote(2, 450, 0)] };
        let priced = serde_json::to_value(cart.priced(&today).unwrap()).unwrap();
        assert_eq!(priced["totalAmount"].to_string(), "2604.48");
        assert_eq!(priced["items"][0]["lineTotal"].to_string(), "2599.98");
        assert_eq!(priced["items"][0]["priceChanged"], false);
        assert_eq!(priced["items"][1]["priceChanged"], true);
        assert_eq!(priced["itemCount"], 3);
    }

    #[test]
    fn a_cart_is_kept_and_read_back() {
        let mut cart = cart();
        cart.add(item(1), units(2), Some(&quote(1, 129_999, 10))).unwrap();
        let fields = firestore::value::to_fields(&cart).unwrap();
        assert_eq!(firestore::value::from_fields::<Cart>(fields).unwrap(), cart);
    }
}
