//! Postal addresses.

use kernel::{AddressId, Country, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use web::fields::{self, Fault};
use web::{Fields, Problem};

/// How many addresses an account has at most.
pub const MAX_PER_ACCOUNT: i64 = 100;

/// What an address is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AddressType {
    /// Where goods go.
    Shipping,
    /// Where bills go.
    Billing,
}

impl AddressType {
    /// As the database has it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Shipping => "shipping",
            Self::Billing => "billing",
        }
    }
}

/// An address that somebody wants to keep.
#[derive(Debug)]
pub struct NewAddress {
    /// What for.
    pub address_type: AddressType,
    /// Street and number, or whatever stands for them.
    pub street_address: String,
    /// The town.
    pub city: String,
    /// State, province, county.
    pub region: Option<String>,
    /// In the form of the country.
    pub postal_code: Option<String>,
    /// The country.
    pub country: Country,
    /// Whether it is taken when no other is named: one of each type is.
    pub is_default: bool,
}

/// An address as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Address {
    /// Its id.
    pub id: AddressId,
    /// What for.
    pub address_type: AddressType,
    /// Street and number.
    pub street_address: String,
    /// The town.
    pub city: String,
    /// State, province, county.
    pub region: Option<String>,
    /// In the form of the country.
    pub postal_code: Option<String>,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// Whether it is the default of its type.
    pub is_default: bool,
    /// Since when it is kept.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
    /// Counts its changes: the ETag.
    #[serde(skip_serializing)]
    pub version: i64,
}

impl NewAddress {
    /// Reads an address.
    ///
    /// # Errors
    /// 422 with every wrong field.
    pub fn read(mut body: Fields) -> Result<Self, Problem> {
        let address_type = body.required("addressType", address_type);
        let street_address = body.required("streetAddress", fields::line(200));
        let city = body.required("city", fields::line(100));
        let region = body.optional("region", fields::line(100));
        let postal_code = body.optional("postalCode", fields::line(20));
        let country = body.required("country", fields::country);
        let is_default = body.optional("isDefault", fields::boolean);
        body.finish(|| {
            Some(Self {
                address_type: address_type?,
                street_address: street_address?,
                city: city?,
                region: region?,
                postal_code: postal_code?,
                country: country?,
                is_default: is_default?.unwrap_or(false),
            })
        })
    }
}

fn address_type(value: &Value) -> Result<AddressType, Fault> {
    match fields::text(value)? {
        "shipping" => Ok(AddressType::Shipping),
        "billing" => Ok(AddressType::Billing),
        _ => Err(Fault::new("invalid", "must be shipping or billing")),
    }
}
