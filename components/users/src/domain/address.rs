//! Postal addresses.

use kernel::fields::{self, FieldFault, Fields, InvalidFields};
use kernel::{AddressId, Country, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::limits::{
    MAX_CITY_CHARACTERS, MAX_POSTAL_CODE_CHARACTERS, MAX_REGION_CHARACTERS, MAX_STREET_CHARACTERS,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AddressType {
    Shipping,
    Billing,
}

impl AddressType {
    /// Returns the value in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Shipping => "shipping",
            Self::Billing => "billing",
        }
    }
}

/// An address as its owner sends it.
#[derive(Debug)]
pub struct NewAddress {
    pub address_type: AddressType,
    /// Street and number, or what replaces them in the country.
    pub street_address: String,
    pub city: String,
    /// State, province or county.
    pub region: Option<String>,
    pub postal_code: Option<String>,
    pub country: Country,
    /// The default address of its type. An account has at most one for each type.
    pub is_default: bool,
}

/// A stored address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Address {
    pub id: AddressId,
    pub address_type: AddressType,
    pub street_address: String,
    pub city: String,
    pub region: Option<String>,
    pub postal_code: Option<String>,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    pub is_default: bool,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// Incremented by each change; the ETag.
    #[serde(skip_serializing)]
    pub version: i64,
}

impl NewAddress {
    pub fn read(mut body: Fields) -> Result<Self, InvalidFields> {
        let address_type = body.required("addressType", address_type);
        let street_address = body.required("streetAddress", fields::line(MAX_STREET_CHARACTERS));
        let city = body.required("city", fields::line(MAX_CITY_CHARACTERS));
        let region = body.optional("region", fields::line(MAX_REGION_CHARACTERS));
        let postal_code = body.optional("postalCode", fields::line(MAX_POSTAL_CODE_CHARACTERS));
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

fn address_type(value: &Value) -> Result<AddressType, FieldFault> {
    match fields::text(value)? {
        "shipping" => Ok(AddressType::Shipping),
        "billing" => Ok(AddressType::Billing),
        _ => Err(FieldFault::new("invalid", "must be shipping or billing")),
    }
}
