use expect_test::{Expect, expect};

use super::*;
use crate::Quantity;

#[track_caller]
fn check(body: &str, expect: Expect) {
    let read = || {
        let mut fields = Fields::from_value(serde_json::from_str(body).unwrap())?;
        let name = fields.required("name", line(10));
        let quantity = fields.required("quantity", number::<Quantity>);
        let note = fields.optional("note", line(10));
        fields.finish(|| Some((name?, quantity?.get(), note?)))
    };
    let result = match read() {
        Ok(value) => format!("{value:?}"),
        Err(InvalidFields(errors)) => serde_json::to_string(&errors).unwrap(),
    };
    expect.assert_eq(&result);
}

#[test]
fn a_valid_body_is_read() {
    check(r#"{"name":" Ada ","quantity":2}"#, expect![[r#"("Ada", 2, None)"#]]);
    check(r#"{"name":"Ada","quantity":2,"note":null}"#, expect![[r#"("Ada", 2, None)"#]]);
}

#[test]
fn all_faults_are_reported_at_once() {
    check(
        r#"{"quantity":1.5,"note":7,"role":"admin"}"#,
        expect![[
            r#"[{"field":"name","code":"required","detail":"name is required"},{"field":"quantity","code":"wrong-type","detail":"quantity must be a whole number"},{"field":"note","code":"wrong-type","detail":"note must be a string"},{"field":"role","code":"unknown-field","detail":"role is not a field of this request"}]"#
        ]],
    );
    check("[]", expect![[r#"[{"field":"","code":"wrong-type","detail":"the body must be a JSON object"}]"#]]);
}

#[test]
fn a_fault_of_an_item_names_its_index() {
    let body = serde_json::json!({ "lines": [{ "quantity": 1 }, { "quantity": 0 }, 7] });
    let mut fields = Fields::from_value(body).unwrap();
    let lines = fields.required_objects("lines", 9, |line| line.required("quantity", number::<Quantity>));
    let InvalidFields(errors) = fields.finish(|| lines).unwrap_err();
    let paths: Vec<&str> = errors.iter().map(|error| error.field.as_str()).collect();
    assert_eq!(paths, ["lines[1].quantity", "lines[2]"]);
}

#[test]
fn only_a_whole_number_in_range_is_a_quantity() {
    let quantity = |json: &str| number::<Quantity>(&serde_json::from_str(json).unwrap()).map(Quantity::get);
    assert_eq!(quantity("99"), Ok(99));
    for json in
        ["0", "-1", "1.5", "1.0", "1e0", "2147483648", "9223372036854775808", "1e400", "\"1\"", "null"]
    {
        assert!(quantity(json).is_err(), "{json}");
    }
}
