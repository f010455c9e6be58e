//! A cart at current prices, as its owner sees it.

use kernel::money::MoneyError;
use kernel::{Currency, Money, ProductId, Quantity, Timestamp, VariantId};
use serde::Serialize;

use super::cart::{Cart, CartLine};
use super::quote::Quote;

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

impl PricedCart {
    /// Prices a cart. An item that is no longer sold keeps its last price and has no available units.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`]
    pub fn new(cart: &Cart, quote: &Quote) -> Result<Self, MoneyError> {
        let lines = cart.lines().into_iter().map(|line| PricedLine::new(line, quote));
        let items: Vec<PricedLine> = lines.collect::<Result<_, _>>()?;
        let mut total_amount = Money::zero(quote.currency);
        let mut item_count = 0_i64;
        for line in &items {
            total_amount = total_amount.checked_add(line.line_total)?;
            item_count = item_count.saturating_add(line.quantity.get());
        }
        Ok(Self { items, total_amount, currency: quote.currency, item_count, updated_at: cart.updated_at })
    }
}

impl PricedLine {
    fn new(line: &CartLine, quote: &Quote) -> Result<Self, MoneyError> {
        let now = quote.find(line.item());
        let price = now.map_or(Money::from_minor(line.price_minor, quote.currency), |now| now.price);
        Ok(Self {
            product_id: line.product_id,
            variant_id: line.variant_id,
            product_name: now.map_or(&line.product_name, |now| &now.product_name).clone(),
            quantity: line.quantity,
            price,
            line_total: price.checked_mul(line.quantity.get())?,
            available: now.map_or(0, |now| now.available),
            price_changed: price.minor() != line.price_minor,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::cart::tests::{add, cart, quote};
    use super::*;

    #[test]
    fn totals_are_exact_and_changed_prices_are_marked() {
        let mut cart = cart();
        add(&mut cart, 1, 2, &quote(1, 129_999, 10)).unwrap();
        add(&mut cart, 2, 1, &quote(2, 500, 10)).unwrap();
        let lines = [quote(1, 129_999, 10), quote(2, 450, 0)].concat();
        let today = Quote { currency: Currency::Usd, lines };
        let priced = serde_json::to_value(PricedCart::new(&cart, &today).unwrap()).unwrap();
        assert_eq!(priced["totalAmount"].to_string(), "2604.48");
        assert_eq!(priced["items"][0]["lineTotal"].to_string(), "2599.98");
        assert_eq!(priced["items"][0]["priceChanged"], false);
        assert_eq!(priced["items"][1]["priceChanged"], true);
        assert_eq!(priced["itemCount"], 3);
    }
}
