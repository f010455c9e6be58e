use serde::{Deserialize, Serialize};

/// The number of units in a line of a cart or an order: 1 to [`Quantity::MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub struct Quantity(u8);

impl Quantity {
    /// The maximum number of units in a line.
    pub const MAX: i64 = 99;

    /// Returns the number of units.
    #[must_use]
    pub fn get(self) -> i64 {
        i64::from(self.0)
    }

    /// Adds two quantities. Returns `None` above [`Quantity::MAX`].
    #[must_use]
    pub fn checked_add(self, more: Quantity) -> Option<Quantity> {
        self.0.checked_add(more.0).map(i64::from).and_then(|sum| Self::try_from(sum).ok())
    }
}

impl TryFrom<i64> for Quantity {
    type Error = QuantityError;

    fn try_from(units: i64) -> Result<Self, QuantityError> {
        match u8::try_from(units) {
            Ok(units @ 1..=99) => Ok(Quantity(units)),
            _ => Err(QuantityError),
        }
    }
}

impl From<Quantity> for i64 {
    fn from(quantity: Quantity) -> i64 {
        quantity.get()
    }
}

/// The number is not a quantity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a whole number from 1 to 99")]
pub struct QuantityError;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantity_is_a_whole_number_from_1_to_99() {
        for units in [1, 2, 99] {
            assert_eq!(Quantity::try_from(units).map(Quantity::get), Ok(units));
        }
        for units in [0, -1, 100, 256, 1 << 31, i64::MAX, i64::MIN] {
            assert_eq!(Quantity::try_from(units), Err(QuantityError), "{units}");
        }
    }

    #[test]
    fn a_sum_above_the_maximum_is_rejected() {
        let quantity = |units| Quantity::try_from(units).unwrap();
        assert_eq!(quantity(40).checked_add(quantity(59)), Some(quantity(99)));
        assert_eq!(quantity(40).checked_add(quantity(60)), None);
    }
}
