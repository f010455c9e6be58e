//! Categories as requests write them.

use kernel::CategoryId;
use kernel::fields::{Fields, InvalidFields, line, number, paragraph};
use serde_json::{Value, json};

use super::changes::{Changes, value};
use super::limits::{MAX_CATEGORY_DESCRIPTION, MAX_CATEGORY_NAME};
use super::readers::{slug, slug_of};

/// Reads a new category. The default slug is derived from the name.
pub fn read_new_category(mut body: Fields) -> Result<Changes, InvalidFields> {
    let name = body.required("name", line(MAX_CATEGORY_NAME));
    let slug = body.optional("slug", slug);
    let description = body.optional("description", paragraph(MAX_CATEGORY_DESCRIPTION));
    let parent = body.optional("parentId", number::<CategoryId>);
    let (name, slug, description, parent) = body.finish(|| Some((name?, slug?, description?, parent?)))?;
    let slug = slug.or_else(|| slug_of(&name)).ok_or_else(|| {
        let detail = "slug is required: the name has no letter or digit to make one of";
        InvalidFields::one("slug", "required", detail)
    })?;
    Ok(Changes::from_fields([
        ("name", Some(json!(name))),
        ("slug", Some(json!(slug))),
        ("description", value(description)),
        ("parentId", value(parent)),
    ]))
}

/// Reads a change of a category. A `parentId` of null moves it to the top level.
pub fn read_category_change(mut body: Fields) -> Result<Changes, InvalidFields> {
    let has_parent = body.has("parentId");
    let name = body.optional("name", line(MAX_CATEGORY_NAME));
    let slug = body.optional("slug", slug);
    let description = body.optional("description", paragraph(MAX_CATEGORY_DESCRIPTION));
    let parent = body.optional("parentId", number::<CategoryId>);
    body.finish(|| {
        let parent = parent?.map_or(Value::Null, |parent| json!(parent));
        Some(Changes::from_fields([
            ("name", value(name?)),
            ("slug", value(slug?)),
            ("description", value(description?)),
            ("parentId", has_parent.then_some(parent)),
        ]))
    })
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
    fn the_default_slug_is_derived_from_the_name() {
        let named = json!({ "name": "Home & Garden!", "slug": "home-garden" });
        check(read_new_category, json!({ "name": "Home & Garden!" }), Some(named));
        check(read_new_category, json!({ "name": "日本" }), None);
    }

    #[test]
    fn a_null_parent_is_a_change_and_a_slug_has_one_form() {
        check(read_category_change, json!({ "parentId": null }), Some(json!({ "parentId": null })));
        for slug in ["Home", "a--b", "-a", "a b", ""] {
            check(read_category_change, json!({ "slug": slug }), None);
        }
    }
}
