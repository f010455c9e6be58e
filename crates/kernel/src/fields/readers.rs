//! Readers of single values.

use serde_json::Value;

use super::FieldFault;
use crate::{Country, Currency, Money};

/// Reads a string.
pub fn text(value: &Value) -> Result<&str, FieldFault> {
    // PostgreSQL's text cannot hold NUL.
    match value.as_str() {
        Some(text) if text.contains('\0') => {
            Err(FieldFault::new("invalid", "must not contain a NUL character"))
        }
        Some(text) => Ok(text),
        None => Err(FieldFault::wrong_type("a string")),
    }
}

/// Reads a trimmed string of 1 to `max` characters without control characters.
pub fn line(max: usize) -> impl Fn(&Value) -> Result<String, FieldFault> {
    move |value| {
        let line = text(value)?.trim();
        if line.is_empty() || line.chars().count() > max {
            return Err(FieldFault::new("wrong-length", format!("must have 1 to {max} characters")));
        }
        if line.chars().any(char::is_control) {
            return Err(FieldFault::new("invalid", "must not contain control characters"));
        }
        Ok(line.to_owned())
    }
}

/// Reads a text of at most `max` characters, which may have several lines.
pub fn paragraph(max: usize) -> impl Fn(&Value) -> Result<String, FieldFault> {
    move |value| {
        let paragraph = text(value)?.trim();
        if paragraph.chars().count() > max {
            return Err(FieldFault::new("wrong-length", format!("must have at most {max} characters")));
        }
        if paragraph
            .chars()
            .any(|character| character.is_control() && !matches!(character, '\n' | '\r' | '\t'))
        {
            return Err(FieldFault::new("invalid", "must not contain control characters"));
        }
        Ok(paragraph.to_owned())
    }
}

/// Reads a whole number of 64 bits: accepts `2`, rejects `2.0` and `"2"`.
pub fn integer(value: &Value) -> Result<i64, FieldFault> {
    value.as_i64().ok_or_else(|| FieldFault::wrong_type("a whole number"))
}

/// Reads a whole number as a `T`, such as an id or a quantity.
pub fn number<T: TryFrom<i64>>(value: &Value) -> Result<T, FieldFault>
where
    T::Error: std::fmt::Display,
{
    T::try_from(integer(value)?).map_err(|error| FieldFault::new("out-of-range", error))
}

/// Reads `true` or `false`.
pub fn boolean(value: &Value) -> Result<bool, FieldFault> {
    value.as_bool().ok_or_else(|| FieldFault::wrong_type("true or false"))
}

/// Reads the ISO 3166-1 code of a country.
pub fn country(value: &Value) -> Result<Country, FieldFault> {
    Country::parse(text(value)?).map_err(|error| FieldFault::new("invalid", error))
}

/// Reads an amount in the default currency: a number or a string with at most two decimals.
pub fn money(value: &Value) -> Result<Money, FieldFault> {
    let amount = match value {
        Value::Number(number) => Money::parse(&number.to_string(), Currency::default()),
        Value::String(text) => Money::parse(text, Currency::default()),
        _ => return Err(FieldFault::wrong_type("an amount")),
    };
    amount.map_err(|error| FieldFault::new("invalid", error))
}
