use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// An order's id, `ORD-` and sixteen letters and digits in groups of four: `ORD-7Q2M-X4TA-9KPD-0WZE`.
///
/// It is derived from the cart and its generation, so that one generation of a cart becomes at most one order, however often
/// a request is retried. The random id of the cart makes it unguessable, and it is short enough to be read out.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct OrderId(String);

/// Crockford's base 32, which has no I, L, O and U, so that no symbol is misread.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

impl OrderId {
    /// Derives the id of the order that this generation of the cart becomes.
    #[must_use]
    pub fn of_cart(cart_id: &str, generation: i64) -> Self {
        let digest = Sha256::new()
            .chain_update(b"cartwheel order\0")
            .chain_update(generation.to_be_bytes())
            .chain_update(cart_id)
            .finalize();
        // Five bits of each byte: sixteen symbols, 80 bits.
        let symbol = |byte: &u8| ALPHABET.get(usize::from(byte & 31)).copied().map_or('0', char::from);
        let symbols: String = digest.iter().take(16).map(symbol).collect();
        let mut id = String::with_capacity(23);
        id.push_str("ORD");
        for (position, symbol) in symbols.chars().enumerate() {
            if matches!(position, 0 | 4 | 8 | 12) {
                id.push('-');
            }
            id.push(symbol);
        }
        Self(id)
    }

    /// Returns the id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for OrderId {
    type Err = InvalidOrderId;

    fn from_str(text: &str) -> Result<Self, InvalidOrderId> {
        let mut groups = text.split('-');
        let is_group = |group: &str| group.len() == 4 && group.bytes().all(|byte| ALPHABET.contains(&byte));
        if groups.next() == Some("ORD") && groups.clone().count() == 4 && groups.all(is_group) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidOrderId)
        }
    }
}

impl TryFrom<String> for OrderId {
    type Error = InvalidOrderId;

    fn try_from(text: String) -> Result<Self, InvalidOrderId> {
        text.parse()
    }
}

impl From<OrderId> for String {
    fn from(id: OrderId) -> String {
        id.0
    }
}

impl std::fmt::Display for OrderId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text is not an order id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an order id looks like ORD-7Q2M-X4TA-9KPD-0WZE")]
pub struct InvalidOrderId;

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_generation_of_a_cart_has_one_order_id() {
        assert_eq!(OrderId::of_cart("c", 7), OrderId::of_cart("c", 7));
        let ids: HashSet<_> = (0..1000).map(|generation| OrderId::of_cart("c", generation)).collect();
        assert_eq!(ids.len(), 1000);
        assert_ne!(OrderId::of_cart("c", 7), OrderId::of_cart("d", 7));
    }

    #[test]
    fn an_id_is_parsed_and_any_other_text_is_rejected() {
        let id = OrderId::of_cart("cart", 1);
        assert_eq!(id.as_str().parse(), Ok(id.clone()), "{id}");
        for text in
            ["", "ORD-", "ORD-1", "ORD-AAAA-AAAA-AAAA", "ORD-AAAA-AAAA-AAAA-AAAU", "ord-0000-0000-0000-0000"]
        {
            assert_eq!(text.parse::<OrderId>(), Err(InvalidOrderId), "{text:?}");
        }
        assert_eq!("ORD-0000-0000-0000-0000/..".parse::<OrderId>(), Err(InvalidOrderId));
    }
}
