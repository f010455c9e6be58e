//! What a client says when it places an order.

use kernel::Money;
use serde::Serialize;
use web::fields::{self, Fault};
use web::{Fields, Problem};

use crate::order::ShippingAddress;

/// What a client says beside its cart.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PlaceOrder {
    /// Where it goes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shipping_address: Option<ShippingAddress>,
    /// What the client thinks it costs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected_total: Option<Money>,
    /// A word to the shop.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
}

impl PlaceOrder {
    /// Reads the body.
    ///
    /// # Errors
    /// 422 with every wrong field.
    pub fn read(mut body: Fields) -> Result<Self, Problem> {
        let shipping_address = body.optional_object("shippingAddress", read_address);
        let expected_total = body.optional("expectedTotal", fields::money);
        let notes = body.optional("notes", |value| {
            let notes = fields::text(value)?;
            if notes.chars().count() > 1000 {
                return Err(Fault::new("wrong-length", "must have at most 1000 characters"));
            }
            Ok(notes.to_owned())
        });
        body.finish(|| {
            Some(Self { shipping_address: shipping_address?, expected_total: expected_total?, notes: notes? })
        })
    }
}

fn read_address(body: &mut Fields) -> Option<ShippingAddress> {
    let full_name = body.optional("fullName", fields::line(200));
    let street_address = body.required("streetAddress", fields::line(200));
    let city = body.required("city", fields::line(100));
    let region = body.optional("region", fields::line(100));
    let postal_code = body.optional("postalCode", fields::line(20));
    let country = body.required("country", fields::country);
    Some(ShippingAddress {
        full_name: full_name?,
        street_address: street_address?,
        city: city?,
        region: region?,
        postal_code: postal_code?,
        country: country?.as_str().to_owned(),
    })
}
