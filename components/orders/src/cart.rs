//! Carts: what a shopper wants to buy, and what it costs now.

use std::collections::BTreeMap;
use std::time::Duration;

use kernel::money::MoneyError;
use kernel::{Currency, Money, OrderId, ProductId, Quantity, Timestamp, UserId, VariantId};
use serde::{Deserialize, Serialize};

use crate::catalog::{Quote, QuoteLine};

/// The most lines of a cart.
pub const MAX_LINES: usize = 100;

/// How many of its changes a cart remembers, so that one that is sent again is not made again.
const CHANGES_REMEMBERED: usize = 64;

/// How long a guest's cart is kept after its last change.
const GUEST_LIFETIME: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Orders are counted over this time.
const ORDER_WINDOW: Duration = Duration::from_secs(60);

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
    /// The ids of its last changes, the latest at the end.
    #[serde(default)]
    pub changes: Vec<String>,
    /// When it became its last orders, as far as that counts for the limit.
    #[serde(default)]
    pub ordered: Vec<Timestamp>,
    /// When Firestore's TTL policy may remove it. A user's cart stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// Into whose cart it went. Nothing comes into it any more.
    #[serde(default)]
    pub merged_into: Option<UserId>,
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
        Self {
            id,
            generation: 1,
            items: BTreeMap::new(),
            updated_at: now,
            changes: Vec::new(),
            ordered: Vec::new(),
            expires_at: None,
            merged_into: None,
        }
    }

    /// Whether somebody can still use it: it has not gone into another cart, and its time is not over.
    #[must_use]
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.merged_into.is_none() && self.expires_at.is_none_or(|end| now < end)
    }

    /// Whether this change was made already, by a try whose answer was lost.
    #[must_use]
    pub fn has_change(&self, id: &str) -> bool {
        self.changes.iter().any(|change| change == id)
    }

    /// Notes that a change was made; a guest's cart is kept for longer by it.
    pub fn note_change(&mut self, id: &str, is_guest: bool, now: Timestamp) {
        let surplus = self.changes.len().saturating_add(1).saturating_sub(CHANGES_REMEMBERED);
        self.changes.drain(..surplus);
        self.changes.push(id.to_owned());
        self.updated_at = now;
        self.expires_at = is_guest.then(|| now.checked_add(GUEST_LIFETIME)).flatten();
    }

    /// The order that the generation before this one may have become.
    #[must_use]
    pub fn last_order(&self) -> Option<OrderId> {
        (self.generation > 1).then(|| OrderId::of_cart(&self.id, self.generation.saturating_sub(1)))
    }

    /// Whether it may become one more order now, if at most `limit` are placed in a minute.
    ///
    /// # Errors
    /// In how many seconds it may.
    pub fn may_order(&self, limit: i64, now: Timestamp) -> Result<(), u32> {
        let recent: Vec<Timestamp> = recent(&self.ordered, now).collect();
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let Some(over) = recent.len().checked_sub(limit) else { return Ok(()) };
        // One more may come when this one has left the window.
        let end = recent.get(over).and_then(|first| first.checked_add(ORDER_WINDOW)).unwrap_or(now);
        let wait_s = end.unix_seconds().saturating_sub(now.unix_seconds()).saturating_add(1);
        Err(u32::try_from(wait_s).unwrap_or(60))
    }

    /// Takes over what a guest put into another cart: of what both have, the larger quantity, which is the same however often
    /// it is done. Returns what there was no room for.
    pub fn merge(&mut self, guest: &Cart) -> Vec<Item> {
        let mut dropped = Vec::new();
        let mut position = self.items.values().map(|line| line.position).max().unwrap_or(0);
        for theirs in guest.lines() {
            let key = theirs.item().key();
            if let Some(line) = self.items.get_mut(&key) {
                line.quantity = line.quantity.max(theirs.quantity);
            } else if self.items.len() < MAX_LINES {
                position = position.saturating_add(1);
                self.items.insert(key, Line { position, ..theirs.clone() });
            } else {
                dropped.push(theirs.item());
            }
        }
        dropped
    }

    /// What remains of a guest's cart when it has gone into a user's: a repeat finds that it was done.
    #[must_use]
    pub fn merged(&self, into: UserId, now: Timestamp) -> Self {
        let expires_at = now.checked_add(GUEST_LIFETIME);
        Self { items: BTreeMap::new(), updated_at: now, expires_at, merged_into: Some(into), ..self.clone() }
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
        let ordered = recent(&self.ordered, now).chain([now]).collect();
        Self { generation, items: BTreeMap::new(), updated_at: now, ordered, ..self.clone() }
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

fn recent(ordered: &[Timestamp], now: Timestamp) -> impl Iterator<Item = Timestamp> {
    let still_counts =
        move |at: &Timestamp| at.checked_add(ORDER_WINDOW).is_some_and(|end| now < end) && *at <= now;
    ordered.iter().copied().filter(still_counts)
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

    #[test]
    fn merging_takes_the_larger_quantity_however_often_it_is_done() {
        let (mut mine, mut guest) = (cart(), Cart::new([8; 16], Timestamp::default()));
        for (product, quantity) in [(1, 2), (2, 5)] {
            mine.add(item(product), units(quantity), Some(&quote(product, 100, 99))).unwrap();
        }
        for (product, quantity) in [(2, 3), (1, 4), (3, 1)] {
            guest.add(item(product), units(quantity), Some(&quote(product, 100, 99))).unwrap();
        }
        for _ in 0..3 {
            assert_eq!(mine.merge(&guest), []);
            let lines: Vec<_> =
                mine.lines().iter().map(|line| (line.product_id.get(), line.quantity.get())).collect();
            assert_eq!(lines, [(1, 4), (2, 5), (3, 1)]);
        }
        for product in 4..=100 {
            mine.add(item(product), units(1), Some(&quote(product, 1, 9))).unwrap();
        }
        guest.add(item(777), units(1), Some(&quote(777, 1, 9))).unwrap();
        assert_eq!((mine.merge(&guest), mine.items.len()), (vec![item(777)], MAX_LINES));
        let left = guest.merged(UserId::try_from(7).unwrap(), Timestamp::default());
        assert!(left.items.is_empty() && !left.is_open(Timestamp::default()));
    }

    #[test]
    fn a_change_is_known_again_for_a_while() {
        let mut cart = cart();
        for change in 0..100 {
            cart.note_change(&change.to_string(), true, Timestamp::default());
        }
        assert!(cart.has_change("99") && cart.has_change("36") && !cart.has_change("35"));
        let later = Timestamp::default().checked_add(GUEST_LIFETIME).unwrap();
        assert!(cart.is_open(Timestamp::default()) && !cart.is_open(later));
    }

    #[test]
    fn orders_are_limited_by_the_minute() {
        let at = |second| Timestamp::default().checked_add(Duration::from_secs(second)).unwrap();
        let mut cart = cart();
        for second in [0, 10, 20] {
            assert_eq!(cart.may_order(3, at(second)), Ok(()));
            cart = cart.next_generation(at(second));
        }
        assert_eq!(cart.may_order(3, at(20)), Err(41));
        assert_eq!(cart.may_order(3, at(59)), Err(2));
        assert_eq!(cart.may_order(3, at(60)), Ok(()));
        assert_eq!(cart.next_generation(at(65)).ordered, [at(10), at(20), at(65)]);
    }
}
