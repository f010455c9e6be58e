use std::time::Duration;

use kernel::{Currency, Money};

use super::*;
use crate::domain::limits::{GUEST_CART_LIFETIME, MAX_CART_LINES};
use crate::domain::quote::{Quote, QuoteLine};

pub(crate) fn cart() -> Cart {
    Cart::new([7; 16], Timestamp::default())
}

/// The quote of one product, for carts and, concatenated, for quotes of several.
pub(crate) fn quote(product: i64, price: i64, available: i64) -> Vec<QuoteLine> {
    vec![QuoteLine {
        product_id: item(product).product_id,
        variant_id: None,
        product_name: format!("product {product}"),
        price: Money::from_minor(price, Currency::Usd),
        available,
    }]
}

pub(crate) fn add(
    cart: &mut Cart,
    product: i64,
    units: i64,
    lines: &[QuoteLine],
) -> Result<(), CartChangeError> {
    let change = CartChange::Add { item: item(product), quantity: Quantity::try_from(units).unwrap() };
    apply(cart, change, lines)
}

fn apply(cart: &mut Cart, change: CartChange, lines: &[QuoteLine]) -> Result<(), CartChangeError> {
    cart.apply(&change, &Quote { currency: Currency::Usd, lines: lines.to_vec() })
}

fn item(product: i64) -> Item {
    Item { product_id: ProductId::try_from(product).unwrap(), variant_id: None }
}

fn lines(cart: &Cart) -> Vec<(i64, i64)> {
    cart.lines().iter().map(|line| (line.product_id.get(), line.quantity.get())).collect()
}

fn at(second: u64) -> Timestamp {
    Timestamp::default().checked_add(Duration::from_secs(second)).unwrap()
}

#[test]
fn adding_a_product_twice_makes_one_line() {
    let mut cart = cart();
    add(&mut cart, 2, 1, &quote(2, 500, 10)).unwrap();
    add(&mut cart, 1, 2, &quote(1, 129_999, 10)).unwrap();
    add(&mut cart, 2, 1, &quote(2, 500, 10)).unwrap();
    assert_eq!(lines(&cart), [(2, 2), (1, 2)]);
}

#[test]
fn unknown_products_missing_lines_and_missing_stock_are_rejected() {
    let mut cart = cart();
    assert_eq!(add(&mut cart, 1, 1, &[]), Err(CartChangeError::NoSuchProduct));
    let short = CartChangeError::InsufficientStock { item: item(1), requested: 3, available: 2 };
    assert_eq!(add(&mut cart, 1, 3, &quote(1, 1, 2)), Err(short));
    add(&mut cart, 1, 60, &quote(1, 1, 1000)).unwrap();
    assert_eq!(add(&mut cart, 1, 40, &quote(1, 1, 1000)), Err(CartChangeError::TooManyUnits));
    let remove = |product| CartChange::Remove { item: item(product) };
    assert_eq!(apply(&mut cart, remove(2), &[]), Err(CartChangeError::NoSuchLine));
    apply(&mut cart, remove(1), &[]).unwrap();
    assert!(cart.items.is_empty());
}

#[test]
fn setting_a_quantity_replaces_it_or_removes_the_line() {
    let mut cart = cart();
    add(&mut cart, 1, 2, &quote(1, 100, 9)).unwrap();
    let set = |units| CartChange::Set { item: item(1), quantity: Quantity::try_from(units).ok() };
    apply(&mut cart, set(5), &quote(1, 100, 9)).unwrap();
    assert_eq!(lines(&cart), [(1, 5)]);
    apply(&mut cart, set(0), &[]).unwrap();
    assert_eq!(lines(&cart), []);
}

#[test]
fn merging_takes_the_larger_quantity_however_often_it_is_repeated() {
    let (mut own, mut guest) = (cart(), Cart::new([8; 16], Timestamp::default()));
    for (product, units) in [(1, 2), (2, 5)] {
        add(&mut own, product, units, &quote(product, 100, 99)).unwrap();
    }
    for (product, units) in [(2, 3), (1, 4), (3, 1)] {
        add(&mut guest, product, units, &quote(product, 100, 99)).unwrap();
    }
    for _ in 0..3 {
        assert_eq!(own.merge(&guest), []);
        assert_eq!(lines(&own), [(1, 4), (2, 5), (3, 1)]);
    }
}

#[test]
fn merging_returns_the_items_that_a_full_cart_cannot_take() {
    let (mut own, mut guest) = (cart(), Cart::new([8; 16], Timestamp::default()));
    for product in 1..=100 {
        add(&mut own, product, 1, &quote(product, 1, 9)).unwrap();
    }
    add(&mut guest, 777, 1, &quote(777, 1, 9)).unwrap();
    assert_eq!((own.merge(&guest), own.items.len()), (vec![item(777)], MAX_CART_LINES));
    assert_eq!(add(&mut own, 778, 1, &quote(778, 1, 9)), Err(CartChangeError::TooManyLines));
    let left = guest.after_merge(UserId::try_from(7).unwrap(), Timestamp::default());
    assert!(left.items.is_empty() && !left.is_open(Timestamp::default()));
}

#[test]
fn a_cart_remembers_its_last_changes() {
    let mut cart = cart();
    for change in 0..100 {
        cart.remember_change(&change.to_string(), true, Timestamp::default());
    }
    assert!(cart.has_change("99") && cart.has_change("36") && !cart.has_change("35"));
    let later = Timestamp::default().checked_add(GUEST_CART_LIFETIME).unwrap();
    assert!(cart.is_open(Timestamp::default()) && !cart.is_open(later));
}

#[test]
fn orders_are_limited_by_the_minute() {
    let mut cart = cart();
    let wait = |retry_after_s| Err(OrderRateExceeded { retry_after_s });
    for second in [0, 10, 20] {
        assert_eq!(cart.check_order_rate(3, at(second)), Ok(()));
        cart = cart.after_order(at(second));
    }
    assert_eq!(cart.check_order_rate(3, at(20)), wait(41));
    assert_eq!(cart.check_order_rate(3, at(59)), wait(2));
    assert_eq!(cart.check_order_rate(3, at(60)), Ok(()));
    assert_eq!(cart.after_order(at(65)).ordered, [at(10), at(20), at(65)]);
}

#[test]
fn each_generation_of_a_cart_has_its_own_order_id() {
    let cart = cart();
    let (ordered, failed) = (cart.after_order(at(1)), cart.after_failed_checkout());
    assert_eq!((cart.previous_order_id(), ordered.order_id()), (None, failed.order_id()));
    assert_eq!(ordered.previous_order_id(), Some(cart.order_id()));
    assert_ne!(ordered.order_id(), cart.order_id());
}
