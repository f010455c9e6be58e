use std::num::NonZeroU64;

use serde::{Deserialize, Serialize};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "i64", into = "i64")]
        pub struct $name(NonZeroU64);

        impl $name {
            /// Parses an id in canonical form: digits without a sign or a leading zero.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                if text.starts_with(['0', '+']) {
                    return None;
                }
                text.parse::<i64>().ok().and_then(|number| Self::try_from(number).ok())
            }

            /// Returns the id as the number in the database.
            #[must_use]
            pub fn get(self) -> i64 {
                self.into()
            }
        }

        impl TryFrom<i64> for $name {
            type Error = InvalidId;

            fn try_from(number: i64) -> Result<Self, InvalidId> {
                u64::try_from(number).ok().and_then(NonZeroU64::new).map(Self).ok_or(InvalidId)
            }
        }

        impl From<$name> for i64 {
            fn from(id: $name) -> i64 {
                id.0.get().cast_signed()
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

id!(
    /// A user of the shop.
    UserId
);
id!(
    /// A session: one login of a user on one device.
    SessionId
);
id!(
    /// A postal address of a user.
    AddressId
);
id!(
    /// A product of the catalog.
    ProductId
);
id!(
    /// A variant of a product.
    VariantId
);
id!(
    /// A category of the catalog.
    CategoryId
);

/// The number is not an id: ids start at 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an id is a whole number from 1 to 9223372036854775807")]
pub struct InvalidId;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_parsed_in_its_canonical_form_only() {
        assert_eq!(ProductId::parse("42").map(ProductId::get), Some(42));
        assert_eq!(ProductId::parse("9223372036854775807").map(ProductId::get), Some(i64::MAX));
        for text in ["", "0", "-1", "+1", "042", "1.0", "1e3", " 1", "9223372036854775808", "abc", "١"] {
            assert_eq!(ProductId::parse(text), None, "{text:?}");
        }
    }
}
