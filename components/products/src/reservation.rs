//! Reservations: stock that is taken for an order before the order exists.

use kernel::{OrderId, ProductId, Quantity, VariantId};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use web::fields::{self, Fault};
use web::{Fields, Problem};

/// The most lines of an order.
pub const MAX_LINES: usize = 100;

/// The longest that stock is held, in seconds.
const MAX_TTL_S: i64 = 24 * 60 * 60;

/// What the orders service wants to be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reserve {
    /// The order it is for.
    pub order_id: OrderId,
    /// Which version of the cart it is for: a newer one replaces an older one.
    pub revision: i64,
    /// What, and how much of it.
    pub lines: Vec<Line>,
    /// For how long, in seconds.
    pub ttl_s: i64,
}

/// One line of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Line {
    product_id: ProductId,
    variant_id: Option<VariantId>,
    quantity: Quantity,
}

/// A thing that somebody wants to know the price of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Item {
    product_id: ProductId,
    variant_id: Option<VariantId>,
}

/// What the database did. Reservations and short lines are finished JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// All lines were taken.
    Reserved(String),
    /// They had been taken already.
    Repeated(String),
    /// The order's stock is sold.
    Confirmed(String),
    /// The order's stock was given back. A reserve that finds this has come too late, and gets no reservation.
    Released(Option<String>),
    /// Nothing was taken: there is too little of these.
    Short(String),
    /// A newer version of the cart has a reservation, or the order exists.
    Superseded,
    /// There is no reservation for this order.
    Absent,
}

/// The outcome as the database tells it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Told {
    outcome: String,
    reservation: Option<Box<RawValue>>,
    short_lines: Option<Box<RawValue>>,
}

impl Told {
    /// The outcome, if the database told one that is known, with what belongs to it.
    #[must_use]
    pub fn read(self) -> Option<Outcome> {
        let text = |json: Option<Box<RawValue>>| json.map(|json| json.get().to_owned());
        let (reservation, short_lines) = (text(self.reservation), text(self.short_lines));
        match self.outcome.as_str() {
            "reserved" => reservation.map(Outcome::Reserved),
            "repeated" => reservation.map(Outcome::Repeated),
            "confirmed" => reservation.map(Outcome::Confirmed),
            "released" => Some(Outcome::Released(reservation)),
            "short" => short_lines.map(Outcome::Short),
            "superseded" => Some(Outcome::Superseded),
            "absent" => Some(Outcome::Absent),
            _ => None,
        }
    }
}

impl Reserve {
    /// Reads a request.
    ///
    /// # Errors
    /// 422 with every wrong field.
    pub fn read(mut body: Fields) -> Result<Self, Problem> {
        let order_id = body.required("orderId", |value| {
            fields::text(value)?.parse().map_err(|error| Fault::new("invalid", error))
        });
        let lines = body.required_objects("lines", MAX_LINES, |line| {
            let (item, quantity) = (Item::read(line), line.required("quantity", fields::number));
            let Item { product_id, variant_id } = item?;
            Some(Line { product_id, variant_id, quantity: quantity? })
        });
        let ttl_s = body.required("ttlSeconds", |value| match fields::integer(value)? {
            seconds @ 1..=MAX_TTL_S => Ok(seconds),
            _ => Err(Fault::new("out-of-range", "must be 1 to 86400")),
        });
        let revision = body.optional("revision", fields::integer);
        body.finish(|| {
            Some(Self { order_id: order_id?, revision: revision?.unwrap_or(0), lines: lines?, ttl_s: ttl_s? })
        })
    }
}

impl Item {
    fn read(line: &mut Fields) -> Option<Self> {
        let product_id = line.required("productId", fields::number);
        let variant_id = line.optional("variantId", fields::number);
        Some(Self { product_id: product_id?, variant_id: variant_id? })
    }

    /// Reads a list of things.
    ///
    /// # Errors
    /// 422 with every wrong field.
    pub fn read_all(mut body: Fields) -> Result<Vec<Self>, Problem> {
        let items = body.required_objects("lines", MAX_LINES, Self::read);
        body.finish(|| items)
    }
}
