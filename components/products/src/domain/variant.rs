//! Variants of a product as requests write them.

use kernel::fields::{Fields, InvalidFields, line};

use super::changes::{Changes, value};
use super::limits::MAX_VARIANT_NAME;
use super::readers::{price_modifier, units};

/// Reads a new variant.
pub fn read_new_variant(mut body: Fields) -> Result<Changes, InvalidFields> {
    let name = body.required("variantName", line(MAX_VARIANT_NAME)).map(Some);
    optional_fields(body, name)
}

/// Reads a change of a variant.
pub fn read_variant_change(mut body: Fields) -> Result<Changes, InvalidFields> {
    let name = body.optional("variantName", line(MAX_VARIANT_NAME));
    optional_fields(body, name)
}

/// Reads the fields that are optional in every request.
fn optional_fields(mut body: Fields, name: Option<Option<String>>) -> Result<Changes, InvalidFields> {
    let (modifier, units) =
        (body.optional("priceModifier", price_modifier), body.optional("stockQuantity", units));
    body.finish(|| {
        Some(Changes::from_fields([
            ("variantName", value(name?)),
            ("priceModifier", value(modifier?)),
            ("stockQuantity", value(units?)),
        ]))
    })
}
