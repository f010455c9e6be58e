//! What admins write into the catalogue. A change is the fields that were sent, each of them checked.

use std::ops::RangeInclusive;

use kernel::CategoryId;
use serde::Serialize;
use serde_json::{Map, Value, json};
use web::fields::{self, Fault};
use web::{Fields, Problem};

/// The highest price, in minor units: what a hundred lines of ninety-nine units cost still is an amount.
const MAX_PRICE_MINOR: i64 = 999_999_999;

/// The most units of a thing.
pub const MAX_UNITS: i64 = 1_000_000_000;

/// The fields of a product, a variant or a category that are to be written, as the database takes them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Changes(Map<String, Value>);

impl Changes {
    fn of<const N: usize>(fields: [(&str, Option<Value>); N]) -> Self {
        let given = fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        Self(given.collect())
    }

    fn and<const N: usize>(mut self, fields: [(&str, Option<Value>); N]) -> Self {
        self.0.extend(Self::of(fields).0);
        self
    }

    /// Nothing but another status: how a product is archived.
    #[must_use]
    pub fn archived() -> Self {
        Self::of([("status", Some(json!("archived")))])
    }

    /// The SKU, if it is among the fields.
    #[must_use]
    pub fn sku(&self) -> Option<&str> {
        self.0.get("sku").and_then(Value::as_str)
    }

    /// The fields as JSON.
    #[must_use]
    pub fn json(&self) -> String {
        Value::Object(self.0.clone()).to_string()
    }
}

/// Reads a new product.
///
/// # Errors
/// 422 with every wrong field.
pub fn read_new_product(mut body: Fields) -> Result<Changes, Problem> {
    let name = body.required("name", fields::line(200));
    let sku = body.required("sku", sku);
    let category = body.required("categoryId", fields::number::<CategoryId>);
    let price = body.required("basePrice", price);
    let rest = rest_of_product(&mut body);
    body.finish(|| {
        Some(
            Changes::of([
                ("name", Some(json!(name?))),
                ("sku", Some(json!(sku?))),
                ("categoryId", Some(json!(category?))),
                ("basePrice", Some(json!(price?))),
            ])
            .and(rest?),
        )
    })
}

/// Reads a change of a product.
///
/// # Errors
/// 422 with every wrong field.
pub fn read_product_change(mut body: Fields) -> Result<Changes, Problem> {
    let name = body.optional("name", fields::line(200));
    let sku = body.optional("sku", sku);
    let category = body.optional("categoryId", fields::number::<CategoryId>);
    let price = body.optional("basePrice", price);
    let rest = rest_of_product(&mut body);
    body.finish(|| {
        Some(
            Changes::of([
                ("name", value(name?)),
                ("sku", value(sku?)),
                ("categoryId", value(category?)),
                ("basePrice", value(price?)),
            ])
            .and(rest?),
        )
    })
}

/// Reads a product of an import: as a new one, but a category may be named by its slug.
///
/// # Errors
/// 422 with every wrong field.
pub fn read_imported_product(mut body: Fields) -> Result<Changes, Problem> {
    let name = body.required("name", fields::line(200));
    let sku = body.required("sku", sku);
    let category = match body.has("categoryId") {
        true => body.required("categoryId", fields::number::<CategoryId>).map(|id| ("categoryId", json!(id))),
        false => body.required("category", slug).map(|slug| ("category", json!(slug))),
    };
    let price = body.required("basePrice", price);
    let rest = rest_of_product(&mut body);
    body.finish(|| {
        let (category_field, category) = category?;
        Some(
            Changes::of([
                ("name", Some(json!(name?))),
                ("sku", Some(json!(sku?))),
                (category_field, Some(category)),
                ("basePrice", Some(json!(price?))),
            ])
            .and(rest?),
        )
    })
}

/// The fields that no product has to be given.
fn rest_of_product(body: &mut Fields) -> Option<[(&'static str, Option<Value>); 4]> {
    let description = body.optional("description", fields::paragraph(10_000));
    let stock = body.optional("stockQuantity", units);
    let threshold = body.optional("lowStockThreshold", units);
    let status = body.optional("status", status);
    Some([
        ("description", value(description?)),
        ("stockQuantity", value(stock?)),
        ("lowStockThreshold", value(threshold?)),
        ("status", value(status?)),
    ])
}

/// Reads a new variant.
///
/// # Errors
/// 422 with every wrong field.
pub fn read_new_variant(mut body: Fields) -> Result<Changes, Problem> {
    let name = body.required("variantName", fields::line(100)).map(Some);
    variant(body, name)
}

/// Reads a change of a variant.
///
/// # Errors
/// 422 with every wrong field.
pub fn read_variant_change(mut body: Fields) -> Result<Changes, Problem> {
    let name = body.optional("variantName", fields::line(100));
    variant(body, name)
}

/// The rest of a variant, none of which it has to be given.
fn variant(mut body: Fields, name: Option<Option<String>>) -> Result<Changes, Problem> {
    let (modifier, units) = (body.optional("priceModifier", modifier), body.optional("stockQuantity", units));
    body.finish(|| {
        Some(Changes::of([
            ("variantName", value(name?)),
            ("priceModifier", value(modifier?)),
            ("stockQuantity", value(units?)),
        ]))
    })
}

/// Reads a new category. Without a slug it gets one that is made of its name.
///
/// # Errors
/// 422 with every wrong field.
pub fn read_new_category(mut body: Fields) -> Result<Changes, Problem> {
    let name = body.required("name", fields::line(100));
    let slug = body.optional("slug", slug);
    let description = body.optional("description", fields::paragraph(2_000));
    let parent = body.optional("parentId", fields::number::<CategoryId>);
    let (name, slug, description, parent) = body.finish(|| Some((name?, slug?, description?, parent?)))?;
    let slug = slug.or_else(|| slug_of(&name)).ok_or_else(|| {
        fields::validation_failed(vec![web::FieldError {
            field: "slug".to_owned(),
            code: "required",
            detail: "slug is required: the name has no letter or digit to make one of".to_owned(),
        }])
    })?;
    Ok(Changes::of([
        ("name", Some(json!(name))),
        ("slug", Some(json!(slug))),
        ("description", value(description)),
        ("parentId", value(parent)),
    ]))
}

/// Reads a change of a category. A `parentId` of null makes it one of the top.
///
/// # Errors
/// 422 with every wrong field.
pub fn read_category_change(mut body: Fields) -> Result<Changes, Problem> {
    let has_parent = body.has("parentId");
    let name = body.optional("name", fields::line(100));
    let slug = body.optional("slug", slug);
    let description = body.optional("description", fields::paragraph(2_000));
    let parent = body.optional("parentId", fields::number::<CategoryId>);
    body.finish(|| {
        let parent = parent?.map_or(Value::Null, |parent| json!(parent));
        Some(Changes::of([
            ("name", value(name?)),
            ("slug", value(slug?)),
            ("description", value(description?)),
            ("parentId", has_parent.then_some(parent)),
        ]))
    })
}

fn value(field: Option<impl Serialize>) -> Option<Value> {
    field.map(|field| json!(field))
}

/// A stock keeping unit, in capitals: people do not tell them apart by case.
fn sku(value: &Value) -> Result<String, Fault> {
    let sku = fields::text(value)?.trim().to_uppercase();
    let is_first = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    let is_valid = (1..=64).contains(&sku.len())
        && sku.bytes().next().is_some_and(is_first)
        && sku.bytes().all(|byte| is_first(byte) || b"._-".contains(&byte));
    if is_valid {
        Ok(sku)
    } else {
        Err(Fault::new("invalid", "must have 1 to 64 letters, digits, dots, hyphens and underscores"))
    }
}

fn price(value: &Value) -> Result<String, Fault> {
    amount(value, 0..=MAX_PRICE_MINOR, "must be an amount from 0 to 9999999.99")
}

fn modifier(value: &Value) -> Result<String, Fault> {
    amount(value, -MAX_PRICE_MINOR..=MAX_PRICE_MINOR, "must be an amount from -9999999.99 to 9999999.99")
}

/// As the database takes it: `12.50`.
fn amount(value: &Value, range: RangeInclusive<i64>, expected: &str) -> Result<String, Fault> {
    let amount = fields::money(value)?;
    if range.contains(&amount.minor()) {
        Ok(amount.to_string())
    } else {
        Err(Fault::new("out-of-range", expected))
    }
}

fn units(value: &Value) -> Result<i64, Fault> {
    let units = fields::integer(value)?;
    if (0..=MAX_UNITS).contains(&units) {
        Ok(units)
    } else {
        Err(Fault::new("out-of-range", "must be a whole number from 0 to 1000000000"))
    }
}

fn status(value: &Value) -> Result<&'static str, Fault> {
    let known = ["draft", "active", "archived"];
    let told = fields::text(value)?;
    let found = known.into_iter().find(|known| *known == told);
    found.ok_or_else(|| Fault::new("invalid", "must be draft, active or archived"))
}

fn slug(value: &Value) -> Result<String, Fault> {
    let told = fields::text(value)?;
    if slug_of(told).as_deref() == Some(told) {
        Ok(told.to_owned())
    } else {
        Err(Fault::new("invalid", "must be words of small letters and digits, joined by single hyphens"))
    }
}

/// `Home & Garden` is `home-garden`.
fn slug_of(name: &str) -> Option<String> {
    let lower = name.to_lowercase();
    let words = lower.split(|character: char| !character.is_ascii_alphanumeric());
    let slug = words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-");
    (1..=100).contains(&slug.len()).then_some(slug)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(reader: impl Fn(Fields) -> Result<Changes, Problem>, body: Value) -> Result<Value, u16> {
        reader(Fields::of(body).unwrap())
            .map(|changes| Value::Object(changes.0))
            .map_err(|problem| problem.status().as_u16())
    }

    #[test]
    fn a_new_product_is_read_with_its_price_as_a_decimal() {
        let body = json!({ "name": " Lamp ", "sku": "lamp-1", "categoryId": 3, "basePrice": "12.5" });
        let expected = json!({ "name": "Lamp", "sku": "LAMP-1", "categoryId": 3, "basePrice": "12.50" });
        assert_eq!(read(read_new_product, body), Ok(expected));
        assert_eq!(read(read_product_change, json!({})), Ok(json!({})));
        for wrong in [
            json!({ "sku": "-a" }),
            json!({ "sku": "a b" }),
            json!({ "basePrice": -1 }),
            json!({ "basePrice": 10_000_000 }),
            json!({ "stockQuantity": -1 }),
            json!({ "status": "sold" }),
            json!({ "name": "" }),
            json!({ "version": 7 }),
        ] {
            assert_eq!(read(read_product_change, wrong.clone()), Err(422), "{wrong}");
        }
    }

    #[test]
    fn a_category_gets_a_slug_of_its_name_and_a_null_parent_is_a_change() {
        let named = json!({ "name": "Home & Garden!", "slug": "home-garden" });
        assert_eq!(read(read_new_category, json!({ "name": "Home & Garden!" })), Ok(named));
        assert_eq!(read(read_new_category, json!({ "name": "日本" })), Err(422));
        assert_eq!(read(read_category_change, json!({ "parentId": null })), Ok(json!({ "parentId": null })));
        for slug in ["Home", "a--b", "-a", "a b", ""] {
            assert_eq!(read(read_category_change, json!({ "slug": slug })), Err(422), "{slug:?}");
        }
    }
}
