//! Money: whole minor units with a currency; decimals exist in JSON and SQL only.

use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An ISO 4217 currency. All of these have two decimals, which the JSON form requires.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Currency {
    /// United States dollar
    #[default]
    Usd,
    /// Euro
    Eur,
    /// Pound sterling
    Gbp,
}

/// An amount in minor units (cents) of one currency.
///
/// It has no operators, because every operation may overflow or mix currencies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Money {
    minor: i64,
    currency: Currency,
}

impl Money {
    /// Creates an amount from minor units: `Money::from_minor(129_999, Currency::Usd)` is $1299.99.
    #[must_use]
    pub const fn from_minor(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// Creates the amount 0.
    #[must_use]
    pub const fn zero(currency: Currency) -> Self {
        Self { minor: 0, currency }
    }

    /// Parses a decimal with at most two digits after the point, such as `1299.99` or `-5`.
    ///
    /// # Errors
    /// Rejects any other form, including an exponent and a third decimal, and an amount beyond 64 bits of minor units.
    pub fn parse(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        let (is_negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, decimals) = match digits.split_once('.') {
            Some((whole, decimals)) if matches!(decimals.len(), 1 | 2) => (whole, decimals),
            Some(_) => return Err(MoneyError::NotAnAmount),
            None => (digits, ""),
        };
        if whole.is_empty() || !whole.bytes().chain(decimals.bytes()).all(|byte| byte.is_ascii_digit()) {
            return Err(MoneyError::NotAnAmount);
        }
        let sign = if is_negative { "-" } else { "" };
        let minor =
            i64::from_str(&format!("{sign}{whole}{decimals:0<2}")).map_err(|_| MoneyError::Overflow)?;
        Ok(Self { minor, currency })
    }

    /// Returns the amount in minor units.
    #[must_use]
    pub const fn minor(self) -> i64 {
        self.minor
    }

    /// Returns the currency.
    #[must_use]
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// Adds two amounts of one currency.
    pub fn checked_add(self, other: Money) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::CurrencyMismatch);
        }
        let minor = self.minor.checked_add(other.minor).ok_or(MoneyError::Overflow)?;
        Ok(Self { minor, ..self })
    }

    /// Multiplies the amount, for the price of `count` units.
    pub fn checked_mul(self, count: i64) -> Result<Self, MoneyError> {
        let minor = self.minor.checked_mul(count).ok_or(MoneyError::Overflow)?;
        Ok(Self { minor, ..self })
    }
}

/// Writes the decimal form with exactly two decimals: `2599.98`.
impl std::fmt::Display for Money {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sign = if self.minor < 0 { "-" } else { "" };
        let minor = self.minor.unsigned_abs();
        let (whole, decimals) = (minor.checked_div(100).unwrap_or(0), minor.checked_rem(100).unwrap_or(0));
        write!(f, "{sign}{whole}.{decimals:02}")
    }
}

/// Writes a JSON number with exactly two decimals. The currency is a member of the enclosing object.
impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serde_json::Number::from_str(&self.to_string())
            .map_err(serde::ser::Error::custom)?
            .serialize(serializer)
    }
}

/// Reads a JSON number or a string with at most two decimals, in the default currency.
impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = match serde_json::Value::deserialize(deserializer)? {
            serde_json::Value::Number(number) => number.to_string(),
            serde_json::Value::String(text) => text,
            _ => return Err(serde::de::Error::custom(MoneyError::NotAnAmount)),
        };
        Money::parse(&text, Currency::default()).map_err(serde::de::Error::custom)
    }
}

/// Why an amount cannot be parsed or computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// The text is not a decimal with at most two digits after the point.
    #[error("must be an amount with at most two decimals, such as 1299.99")]
    NotAnAmount,
    /// The amount is beyond 92 233 720 368 547 758.07.
    #[error("is too large an amount")]
    Overflow,
    /// The amounts have two currencies.
    #[error("must be in one currency")]
    CurrencyMismatch,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn usd(text: &str) -> Result<Money, MoneyError> {
        Money::parse(text, Currency::Usd)
    }

    #[test]
    fn an_amount_is_parsed_to_the_cent() {
        let check = |text, minor| assert_eq!(usd(text).map(Money::minor), Ok(minor), "{text}");
        check("1299.99", 129_999);
        check("1299.9", 129_990);
        check("1299", 129_900);
        check("0.05", 5);
        check("-0.05", -5);
        check("92233720368547758.07", i64::MAX);
    }

    #[test]
    fn other_text_is_not_an_amount() {
        for text in ["", "-", ".5", "5.", "1.999", "1e3", "1,5", "+1", " 1", "NaN", "--1", "1.-1", "0x1"] {
            assert_eq!(usd(text), Err(MoneyError::NotAnAmount), "{text:?}");
        }
        assert_eq!(usd("92233720368547758.08"), Err(MoneyError::Overflow));
    }

    #[test]
    fn two_laptops_cost_exactly_twice_one() {
        let total = usd("1299.99").and_then(|price| price.checked_mul(2));
        assert_eq!(serde_json::to_string(&total.unwrap()).unwrap(), "2599.98");
    }

    #[test]
    fn the_json_form_is_a_number_or_a_string_and_never_a_float() {
        let read = |json| serde_json::from_str::<Money>(json).map(Money::minor).ok();
        assert_eq!(read("1299.99"), Some(129_999));
        assert_eq!(read(r#""1299.99""#), Some(129_999));
        // As an f64 this one would be 90071992547409.92.
        assert_eq!(read("90071992547409.93"), Some(9_007_199_254_740_993));
        assert_eq!(read("1299.999"), None);
        assert_eq!(read("true"), None);
    }

    #[test]
    fn amounts_of_two_currencies_cannot_be_added() {
        let euro = Money::zero(Currency::Eur);
        assert_eq!(Money::zero(Currency::Usd).checked_add(euro), Err(MoneyError::CurrencyMismatch));
    }

    proptest! {
        #[test]
        fn every_amount_survives_its_json_form(minor: i64) {
            let money = Money::from_minor(minor, Currency::Usd);
            let json = serde_json::to_string(&money).unwrap();
            prop_assert_eq!(serde_json::from_str::<Money>(&json).unwrap(), money);
        }

        #[test]
        fn no_text_makes_the_parser_panic(text: String) {
            let _ = usd(&text);
        }
    }
}
