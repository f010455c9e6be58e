//! Reservations: stock that is held for an order until the order is placed.

use kernel::fields::{FieldFault, Fields, InvalidFields, integer, number, text};
use kernel::{OrderId, ProductId, Quantity, VariantId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::limits::{MAX_HOLD_S, MAX_RESERVATION_LINES};

/// A request of the orders service to reserve stock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReserveRequest {
    pub order_id: OrderId,
    /// The revision of the cart. A newer revision replaces the reservation of an older one.
    pub revision: i64,
    pub lines: Vec<Line>,
    /// The seconds until the reservation expires.
    pub hold_s: i64,
}

/// One line of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Line {
    product_id: ProductId,
    variant_id: Option<VariantId>,
    quantity: Quantity,
}

/// A product or a variant whose price is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Item {
    product_id: ProductId,
    variant_id: Option<VariantId>,
}

/// The result of a reservation statement. Reservations and short lines are JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The stock of all lines was reserved.
    Reserved(String),
    /// An earlier request has already reserved the same lines.
    Repeated(String),
    /// The reservation is confirmed.
    Confirmed(String),
    /// The stock was returned. A reserve or a confirm that finds this state comes too late.
    Released(Option<String>),
    /// No stock was reserved, because too little is available for these lines.
    Short(String),
    /// A newer revision of the cart has a reservation, or the order exists.
    Superseded,
    /// The order has no reservation.
    Absent,
}

/// The answer of a reservation statement.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReserveRow {
    outcome: String,
    reservation: Option<Box<RawValue>>,
    short_lines: Option<Box<RawValue>>,
}

impl ReserveRow {
    /// Returns the outcome, or `None` for an unknown one and for one without its JSON.
    #[must_use]
    pub fn into_outcome(self) -> Option<Outcome> {
        let json = |value: Option<Box<RawValue>>| value.map(|value| value.get().to_owned());
        let (reservation, short_lines) = (json(self.reservation), json(self.short_lines));
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

impl ReserveRequest {
    /// Reads a request.
    pub fn read(mut body: Fields) -> Result<Self, InvalidFields> {
        let order_id = body.required("orderId", |value| {
            text(value)?.parse().map_err(|error| FieldFault::new("invalid", error))
        });
        let lines = body.required_objects("lines", MAX_RESERVATION_LINES, Line::read);
        let hold_s = body.required("ttlSeconds", hold_s);
        let revision = body.optional("revision", integer);
        body.finish(|| {
            Some(Self {
                order_id: order_id?,
                revision: revision?.unwrap_or(0),
                lines: lines?,
                hold_s: hold_s?,
            })
        })
    }
}

fn hold_s(value: &Value) -> Result<i64, FieldFault> {
    match integer(value)? {
        seconds @ 1..=MAX_HOLD_S => Ok(seconds),
        _ => Err(FieldFault::new("out-of-range", "must be 1 to 86400")),
    }
}

impl Line {
    fn read(line: &mut Fields) -> Option<Self> {
        let (item, quantity) = (Item::read(line), line.required("quantity", number));
        let Item { product_id, variant_id } = item?;
        Some(Self { product_id, variant_id, quantity: quantity? })
    }
}

impl Item {
    fn read(line: &mut Fields) -> Option<Self> {
        let product_id = line.required("productId", number);
        let variant_id = line.optional("variantId", number);
        Some(Self { product_id: product_id?, variant_id: variant_id? })
    }

    /// Reads the lines of a quote.
    pub fn read_all(mut body: Fields) -> Result<Vec<Self>, InvalidFields> {
        let items = body.required_objects("lines", MAX_RESERVATION_LINES, Self::read);
        body.finish(|| items)
    }
}
