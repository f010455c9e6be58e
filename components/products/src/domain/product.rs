//! Products as requests write them. Each reader validates the fields of a request and reports every fault.

use kernel::CategoryId;
use kernel::fields::{FieldFault, Fields, InvalidFields, line, number, paragraph};
use serde_json::{Value, json};

use super::changes::{Changes, value};
use super::limits::{MAX_PRODUCT_DESCRIPTION, MAX_PRODUCT_NAME};
use super::readers::{price, sku, slug, units, word};

/// Reads a new product.
pub fn read_new_product(mut body: Fields) -> Result<Changes, InvalidFields> {
    let name = body.required("name", line(MAX_PRODUCT_NAME));
    let sku = body.required("sku", sku);
    let category = body.required("categoryId", number::<CategoryId>);
    let price = body.required("basePrice", price);
    let optional = optional_fields(&mut body);
    body.finish(|| {
        Some(
            Changes::from_fields([
                ("name", Some(json!(name?))),
                ("sku", Some(json!(sku?))),
                ("categoryId", Some(json!(category?))),
                ("basePrice", Some(json!(price?))),
            ])
            .with(optional?),
        )
    })
}

/// Reads a change of a product.
pub fn read_product_change(mut body: Fields) -> Result<Changes, InvalidFields> {
    let name = body.optional("name", line(MAX_PRODUCT_NAME));
    let sku = body.optional("sku", sku);
    let category = body.optional("categoryId", number::<CategoryId>);
    let price = body.optional("basePrice", price);
    let optional = optional_fields(&mut body);
    body.finish(|| {
        Some(
            Changes::from_fields([
                ("name", value(name?)),
                ("sku", value(sku?)),
                ("categoryId", value(category?)),
                ("basePrice", value(price?)),
            ])
            .with(optional?),
        )
    })
}

/// Reads a product of an import: a new product whose category may also be given by its slug.
pub fn read_imported_product(mut body: Fields) -> Result<Changes, InvalidFields> {
    let name = body.required("name", line(MAX_PRODUCT_NAME));
    let sku = body.required("sku", sku);
    let category = match body.has("categoryId") {
        true => body.required("categoryId", number::<CategoryId>).map(|id| ("categoryId", json!(id))),
        false => body.required("category", slug).map(|slug| ("category", json!(slug))),
    };
    let price = body.required("basePrice", price);
    let optional = optional_fields(&mut body);
    body.finish(|| {
        let (category_field, category) = category?;
        Some(
            Changes::from_fields([
                ("name", Some(json!(name?))),
                ("sku", Some(json!(sku?))),
                (category_field, Some(category)),
                ("basePrice", Some(json!(price?))),
            ])
            .with(optional?),
        )
    })
}

/// Reads the fields that are optional in every request.
fn optional_fields(body: &mut Fields) -> Option<[(&'static str, Option<Value>); 4]> {
    let description = body.optional("description", paragraph(MAX_PRODUCT_DESCRIPTION));
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

fn status(value: &Value) -> Result<&'static str, FieldFault> {
    word(["draft", "active", "archived"], "must be draft, active or archived")(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(read: fn(Fields) -> Result<Changes, InvalidFields>, body: Value, expected: Option<Value>) {
        let changes = read(Fields::from_value(body.clone()).unwrap());
        assert_eq!(changes.ok().map(Changes::into_value), expected, "{body}");
    }

    #[test]
    fn a_new_product_is_read_with_its_price_as_a_decimal() {
        let body = json!({ "name": " Lamp ", "sku": "lamp-1", "categoryId": 3, "basePrice": "12.5" });
        let expected = json!({ "name": "Lamp", "sku": "LAMP-1", "categoryId": 3, "basePrice": "12.50" });
        check(read_new_product, body, Some(expected));
        check(read_product_change, json!({}), Some(json!({})));
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
            check(read_product_change, wrong, None);
        }
    }
}
