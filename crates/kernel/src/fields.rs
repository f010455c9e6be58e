//! Reads a JSON object field by field and reports every fault at once.
//!
//! A derived `Deserialize` stops at the first fault; a client that shows a form needs all of them.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::{Country, Currency, Money};

/// What is wrong with a value: a stable code, and a sentence that continues after the field's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldFault {
    code: &'static str,
    detail: String,
}

/// What is wrong with one field of a body, or with one parameter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// The path of the field: `name`, `lines[2].quantity`.
    pub field: String,
    /// A stable code for programs.
    pub code: &'static str,
    /// A sentence for people.
    pub detail: String,
}

/// Every fault of an object. Without any, a reader lost a value and reported nothing: a defect of this code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} fields are wrong", .0.len())]
pub struct InvalidFields(pub Vec<FieldError>);

/// The fields of an object that have not been read yet, and the faults found so far.
#[derive(Debug)]
pub struct Fields {
    unread: Map<String, Value>,
    errors: Vec<FieldError>,
}

impl FieldFault {
    /// Creates the fault of a value that has the right type.
    pub fn new(code: &'static str, detail: impl ToString) -> Self {
        Self { code, detail: detail.to_string() }
    }

    fn wrong_type(expected: &str) -> Self {
        Self::new("wrong-type", format!("must be {expected}"))
    }

    fn required() -> Self {
        Self::new("required", "is required")
    }
}

impl InvalidFields {
    /// Creates the fault of a single field. `detail` is a whole sentence.
    pub fn one(field: impl Into<String>, code: &'static str, detail: impl Into<String>) -> Self {
        Self(vec![FieldError { field: field.into(), code, detail: detail.into() }])
    }
}

impl Fields {
    /// Creates the fields of a JSON object.
    ///
    /// # Errors
    /// Rejects a value that is not an object.
    pub fn from_value(value: Value) -> Result<Self, InvalidFields> {
        match value {
            Value::Object(unread) => Ok(Self { unread, errors: Vec::new() }),
            _ => Err(InvalidFields::one("", "wrong-type", "the body must be a JSON object")),
        }
    }

    /// Reads a required field. Returns `None` after a fault, which [`Fields::finish`] reports.
    pub fn required<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&Value) -> Result<T, FieldFault>,
    ) -> Option<T> {
        match self.unread.remove(name) {
            Some(value) => self.record(name, read(&value)),
            None => self.record(name, Err(FieldFault::required())),
        }
    }

    /// Reads an optional field. Returns `Some(None)` if it is absent or null, and `None` after a fault.
    pub fn optional<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&Value) -> Result<T, FieldFault>,
    ) -> Option<Option<T>> {
        match self.unread.remove(name) {
            None | Some(Value::Null) => Some(None),
            Some(value) => self.record(name, read(&value)).map(Some),
        }
    }

    /// Reports a fault that depends on several fields.
    pub fn reject(&mut self, name: &str, fault: FieldFault) {
        self.record::<()>(name, Err(fault));
    }

    /// Returns whether the object has an unread field of this name, null included.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.unread.contains_key(name)
    }

    /// Reads an optional nested object. Its faults are reported as `name.field`.
    pub fn optional_object<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&mut Fields) -> Option<T>,
    ) -> Option<Option<T>> {
        match self.unread.remove(name) {
            None | Some(Value::Null) => Some(None),
            Some(Value::Object(unread)) => Some(Some(self.nested(name, unread, read)?)),
            Some(_) => self.record(name, Err(FieldFault::wrong_type("an object"))),
        }
    }

    /// Reads a required array of 1 to `max` objects. The faults of each are reported as `name[index].field`.
    pub fn required_objects<T>(
        &mut self,
        name: &str,
        max: usize,
        mut read: impl FnMut(&mut Fields) -> Option<T>,
    ) -> Option<Vec<T>> {
        match self.unread.remove(name) {
            Some(Value::Array(items)) if (1..=max).contains(&items.len()) => {
                let read_item = |(index, item)| {
                    let path = format!("{name}[{index}]");
                    match item {
                        Value::Object(unread) => self.nested(&path, unread, &mut read),
                        _ => self.record(&path, Err(FieldFault::wrong_type("an object"))),
                    }
                };
                // Reads every item before it looks at the first result, so that every fault is found.
                let items: Vec<Option<T>> = items.into_iter().enumerate().map(read_item).collect();
                items.into_iter().collect()
            }
            Some(Value::Array(_)) => {
                self.record(name, Err(FieldFault::new("wrong-length", format!("must have 1 to {max} items"))))
            }
            Some(_) => self.record(name, Err(FieldFault::wrong_type("an array of objects"))),
            None => self.record(name, Err(FieldFault::required())),
        }
    }

    fn nested<T>(
        &mut self,
        path: &str,
        unread: Map<String, Value>,
        read: impl FnOnce(&mut Fields) -> Option<T>,
    ) -> Option<T> {
        let mut fields = Fields { unread, errors: Vec::new() };
        let value = read(&mut fields);
        fields.reject_unread();
        for error in fields.errors {
            self.errors.push(FieldError { field: format!("{path}.{}", error.field), ..error });
        }
        value
    }

    /// Returns the value that `build` makes of the fields that were read, if none of them has a fault.
    ///
    /// # Errors
    /// Reports every wrong, missing and unknown field.
    pub fn finish<T>(mut self, build: impl FnOnce() -> Option<T>) -> Result<T, InvalidFields> {
        self.reject_unread();
        match build().filter(|_| self.errors.is_empty()) {
            Some(value) => Ok(value),
            None => Err(InvalidFields(self.errors)),
        }
    }

    fn reject_unread(&mut self) {
        for name in std::mem::take(&mut self.unread).into_iter().map(|(name, _)| name) {
            self.record::<()>(&name, Err(FieldFault::new("unknown-field", "is not a field of this request")));
        }
    }

    fn record<T>(&mut self, name: &str, read: Result<T, FieldFault>) -> Option<T> {
        read.map_err(|fault| {
            // The client chooses the name of an unknown field, so its length in the response is bounded.
            let field: String = name.chars().take(100).collect();
            let detail = format!("{field} {}", fault.detail);
            self.errors.push(FieldError { field, code: fault.code, detail });
        })
        .ok()
    }
}

/// Reads a string.
pub fn text(value: &Value) -> Result<&str, FieldFault> {
    // PostgreSQL's text cannot hold NUL.
    match value.as_str() {
        Some(text) if text.contains('\0') => {
            Err(FieldFault::new("invalid", "must not contain a NUL character"))
        }
        Some(text) => Ok(text),
        None => Err(FieldFault::wrong_type("a string")),
    }
}

/// Reads a trimmed string of 1 to `max` characters without control characters.
pub fn line(max: usize) -> impl Fn(&Value) -> Result<String, FieldFault> {
    move |value| {
        let line = text(value)?.trim();
        if line.is_empty() || line.chars().count() > max {
            return Err(FieldFault::new("wrong-length", format!("must have 1 to {max} characters")));
        }
        if line.chars().any(char::is_control) {
            return Err(FieldFault::new("invalid", "must not contain control characters"));
        }
        Ok(line.to_owned())
    }
}

/// Reads a text of at most `max` characters, which may have several lines.
pub fn paragraph(max: usize) -> impl Fn(&Value) -> Result<String, FieldFault> {
    move |value| {
        let paragraph = text(value)?.trim();
        if paragraph.chars().count() > max {
            return Err(FieldFault::new("wrong-length", format!("must have at most {max} characters")));
        }
        if paragraph
            .chars()
            .any(|character| character.is_control() && !matches!(character, '\n' | '\r' | '\t'))
        {
            return Err(FieldFault::new("invalid", "must not contain control characters"));
        }
        Ok(paragraph.to_owned())
    }
}

/// Reads a whole number of 64 bits: accepts `2`, rejects `2.0` and `"2"`.
pub fn integer(value: &Value) -> Result<i64, FieldFault> {
    value.as_i64().ok_or_else(|| FieldFault::wrong_type("a whole number"))
}

/// Reads a whole number as a `T`, such as an id or a quantity.
pub fn number<T: TryFrom<i64>>(value: &Value) -> Result<T, FieldFault>
where
    T::Error: std::fmt::Display,
{
    T::try_from(integer(value)?).map_err(|error| FieldFault::new("out-of-range", error))
}

/// Reads `true` or `false`.
pub fn boolean(value: &Value) -> Result<bool, FieldFault> {
    value.as_bool().ok_or_else(|| FieldFault::wrong_type("true or false"))
}

/// Reads the ISO 3166-1 code of a country.
pub fn country(value: &Value) -> Result<Country, FieldFault> {
    Country::parse(text(value)?).map_err(|error| FieldFault::new("invalid", error))
}

/// Reads an amount in the default currency: a number or a string with at most two decimals.
pub fn money(value: &Value) -> Result<Money, FieldFault> {
    let amount = match value {
        Value::Number(number) => Money::parse(&number.to_string(), Currency::default()),
        Value::String(text) => Money::parse(text, Currency::default()),
        _ => return Err(FieldFault::wrong_type("an amount")),
    };
    amount.map_err(|error| FieldFault::new("invalid", error))
}

#[cfg(test)]
mod tests {
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
        check(
            "[]",
            expect![[r#"[{"field":"","code":"wrong-type","detail":"the body must be a JSON object"}]"#]],
        );
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
        let quantity =
            |json: &str| number::<Quantity>(&serde_json::from_str(json).unwrap()).map(Quantity::get);
        assert_eq!(quantity("99"), Ok(99));
        for json in
            ["0", "-1", "1.5", "1.0", "1e0", "2147483648", "9223372036854775808", "1e400", "\"1\"", "null"]
        {
            assert!(quantity(json).is_err(), "{json}");
        }
    }
}
