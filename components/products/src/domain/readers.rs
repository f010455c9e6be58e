//! Readers of single fields, shared by products, variants and categories.

use std::ops::RangeInclusive;

use kernel::fields::{FieldFault, integer, money, text};
use serde_json::Value;

use super::limits::{MAX_PRICE_MINOR, MAX_SKU, MAX_SLUG, MAX_UNITS};

/// Reads a stock keeping unit and converts it to upper case: SKUs do not differ by case only.
pub(super) fn sku(value: &Value) -> Result<String, FieldFault> {
    let sku = text(value)?.trim().to_uppercase();
    let is_first = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    let is_valid = (1..=MAX_SKU).contains(&sku.len())
        && sku.bytes().next().is_some_and(is_first)
        && sku.bytes().all(|byte| is_first(byte) || b"._-".contains(&byte));
    is_valid.then_some(sku).ok_or_else(|| {
        FieldFault::new("invalid", "must have 1 to 64 letters, digits, dots, hyphens and underscores")
    })
}

/// Reads a price as the database parses it: `12.50`.
pub(super) fn price(value: &Value) -> Result<String, FieldFault> {
    amount(value, 0..=MAX_PRICE_MINOR, "must be an amount from 0 to 9999999.99")
}

/// Reads the difference between the price of a variant and the price of its product.
pub(super) fn price_modifier(value: &Value) -> Result<String, FieldFault> {
    amount(value, -MAX_PRICE_MINOR..=MAX_PRICE_MINOR, "must be an amount from -9999999.99 to 9999999.99")
}

fn amount(value: &Value, range: RangeInclusive<i64>, expected: &str) -> Result<String, FieldFault> {
    let amount = money(value)?;
    let is_valid = range.contains(&amount.minor());
    is_valid.then(|| amount.to_string()).ok_or_else(|| FieldFault::new("out-of-range", expected))
}

/// Reads a quantity of stock.
pub(super) fn units(value: &Value) -> Result<i64, FieldFault> {
    let units = integer(value)?;
    let is_valid = (0..=MAX_UNITS).contains(&units);
    is_valid
        .then_some(units)
        .ok_or_else(|| FieldFault::new("out-of-range", "must be a whole number from 0 to 1000000000"))
}

/// Reads a slug.
pub(super) fn slug(value: &Value) -> Result<String, FieldFault> {
    let slug = text(value)?;
    let is_valid = slug_of(slug).as_deref() == Some(slug);
    is_valid.then(|| slug.to_owned()).ok_or_else(|| {
        FieldFault::new("invalid", "must be words of small letters and digits, joined by single hyphens")
    })
}

/// Derives a slug from a name: `Home & Garden` becomes `home-garden`.
pub(super) fn slug_of(name: &str) -> Option<String> {
    let lower = name.to_lowercase();
    let words = lower.split(|character: char| !character.is_ascii_alphanumeric());
    let slug = words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-");
    (1..=MAX_SLUG).contains(&slug.len()).then_some(slug)
}

/// Reads one of the `allowed` words.
pub(super) fn word<const N: usize>(
    allowed: [&'static str; N],
    expected: &'static str,
) -> impl Fn(&Value) -> Result<&'static str, FieldFault> {
    move |value| {
        let word = text(value)?;
        let found = allowed.into_iter().find(|allowed| *allowed == word);
        found.ok_or_else(|| FieldFault::new("invalid", expected))
    }
}
