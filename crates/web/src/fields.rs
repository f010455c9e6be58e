//! Reads a JSON object field by field, and reports all that is wrong with it at once.
//!
//! A derived `Deserialize` stops at the first fault. A person who fills in a form wants to hear of every one.

use bytes::Bytes;
use http::StatusCode;
use kernel::{Country, Currency, Money};
use serde_json::{Map, Value};

use crate::{FieldError, Problem};

/// What is wrong with a value: a stable code and a sentence that goes on after the field's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    code: &'static str,
    detail: String,
}

impl Fault {
    /// A fault of a value that has the right type.
    pub fn new(code: &'static str, detail: impl ToString) -> Self {
        Self { code, detail: detail.to_string() }
    }

    fn wrong_type(expected: &str) -> Self {
        Self::new("wrong-type", format!("must be {expected}"))
    }
}

/// The fields of an object that were not read yet, and the faults found so far.
#[derive(Debug)]
pub struct Fields {
    unread: Map<String, Value>,
    errors: Vec<FieldError>,
}

impl Fields {
    /// Reads a body.
    ///
    /// # Errors
    /// 400 for what is not JSON, 422 for JSON that is not an object.
    pub(crate) fn parse(body: &Bytes) -> Result<Self, Problem> {
        let value = serde_json::from_slice(body).map_err(|error| {
            Problem::new(StatusCode::BAD_REQUEST, "malformed-json", format!("the body is not JSON: {error}"))
        })?;
        Self::of(value)
    }

    /// Reads a value that is JSON already.
    ///
    /// # Errors
    /// 422 for what is not an object.
    pub fn of(value: Value) -> Result<Self, Problem> {
        match value {
            Value::Object(unread) => Ok(Self { unread, errors: Vec::new() }),
            _ => Err(validation_failed(vec![FieldError {
                field: String::new(),
                code: "wrong-type",
                detail: "the body must be a JSON object".to_owned(),
            }])),
        }
    }

    /// Reads a field that must be there. `None` if there is a fault, which is then reported by [`Fields::finish`].
    pub fn required<T>(&mut self, name: &str, read: impl FnOnce(&Value) -> Result<T, Fault>) -> Option<T> {
        match self.unread.remove(name) {
            Some(value) => self.note(name, read(&value)),
            None => self.note(name, Err(Fault::new("required", "is required"))),
        }
    }

    /// Reads a field that may be absent or null: `Some(None)`. `None` if there is a fault.
    pub fn optional<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&Value) -> Result<T, Fault>,
    ) -> Option<Option<T>> {
        match self.unread.remove(name) {
            None | Some(Value::Null) => Some(None),
            Some(value) => self.note(name, read(&value)).map(Some),
        }
    }

    /// Reports a fault that shows only when several fields are read.
    pub fn refuse(&mut self, name: &str, fault: Fault) {
        self.note::<()>(name, Err(fault));
    }

    /// Whether there is a field of this name, be it null.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.unread.contains_key(name)
    }

    /// Reads an object within this one. Its faults are reported as `name.field`.
    pub fn optional_object<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&mut Fields) -> Option<T>,
    ) -> Option<Option<T>> {
        match self.unread.remove(name) {
            None | Some(Value::Null) => Some(None),
            Some(Value::Object(unread)) => Some(Some(self.nested(name, unread, read)?)),
            Some(_) => self.note(name, Err(Fault::wrong_type("an object"))),
        }
    }

    /// Reads an array of objects, at most `max` of them. The faults of each are reported as `name[index].field`.
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
                        _ => self.note(&path, Err(Fault::wrong_type("an object"))),
                    }
                };
                // Read all of them before looking at the result, so that every fault is found.
                let items: Vec<Option<T>> = items.into_iter().enumerate().map(read_item).collect();
                items.into_iter().collect()
            }
            Some(Value::Array(_)) => {
                self.note(name, Err(Fault::new("wrong-length", format!("must have 1 to {max} items"))))
            }
            Some(_) => self.note(name, Err(Fault::wrong_type("an array of objects"))),
            None => self.note(name, Err(Fault::new("required", "is required"))),
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
        fields.refuse_unread();
        for error in fields.errors {
            self.errors.push(FieldError { field: format!("{path}.{}", error.field), ..error });
        }
        value
    }

    /// The value that `build` makes of what was read, if nothing was wrong.
    ///
    /// # Errors
    /// 422 with every wrong, missing and unknown field.
    pub fn finish<T>(mut self, build: impl FnOnce() -> Option<T>) -> Result<T, Problem> {
        self.refuse_unread();
        if !self.errors.is_empty() {
            return Err(validation_failed(self.errors));
        }
        build().ok_or_else(|| Problem::internal("a field was dropped without a fault"))
    }

    fn refuse_unread(&mut self) {
        for name in std::mem::take(&mut self.unread).into_iter().map(|(name, _)| name) {
            self.note::<()>(&name, Err(Fault::new("unknown-field", "is not a field of this request")));
        }
    }

    fn note<T>(&mut self, name: &str, read: Result<T, Fault>) -> Option<T> {
        read.map_err(|fault| {
            // A name may be as long as the body: the answer need not be.
            let field: String = name.chars().take(100).collect();
            let detail = format!("{field} {}", fault.detail);
            self.errors.push(FieldError { field, code: fault.code, detail });
        })
        .ok()
    }
}

/// 422 with these errors.
#[must_use]
pub fn validation_failed(errors: Vec<FieldError>) -> Problem {
    Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "validation-failed",
        "some fields are wrong; errors names each of them",
    )
    .with_errors(errors)
}

/// Reads a string.
///
/// # Errors
/// [`Fault`]
pub fn text(value: &Value) -> Result<&str, Fault> {
    // PostgreSQL's text cannot hold NUL.
    match value.as_str() {
        Some(text) if text.contains('\0') => Err(Fault::new("invalid", "must not contain a NUL character")),
        Some(text) => Ok(text),
        None => Err(Fault::wrong_type("a string")),
    }
}

/// Reads a trimmed string of 1 to `max` characters without control characters.
///
/// # Errors
/// [`Fault`]
pub fn line(max: usize) -> impl Fn(&Value) -> Result<String, Fault> {
    move |value| {
        let line = text(value)?.trim();
        if line.is_empty() || line.chars().count() > max {
            return Err(Fault::new("wrong-length", format!("must have 1 to {max} characters")));
        }
        if line.chars().any(char::is_control) {
            return Err(Fault::new("invalid", "must not contain control characters"));
        }
        Ok(line.to_owned())
    }
}

/// Reads a text of at most `max` characters, which may have several lines.
///
/// # Errors
/// [`Fault`]
pub fn paragraph(max: usize) -> impl Fn(&Value) -> Result<String, Fault> {
    move |value| {
        let paragraph = text(value)?.trim();
        if paragraph.chars().count() > max {
            return Err(Fault::new("wrong-length", format!("must have at most {max} characters")));
        }
        if paragraph
            .chars()
            .any(|character| character.is_control() && !matches!(character, '\n' | '\r' | '\t'))
        {
            return Err(Fault::new("invalid", "must not contain control characters"));
        }
        Ok(paragraph.to_owned())
    }
}

/// Reads a whole number: `2` is one, `2.0`, `"2"` and numbers past 64 bits are not.
///
/// # Errors
/// [`Fault`]
pub fn integer(value: &Value) -> Result<i64, Fault> {
    value.as_i64().ok_or_else(|| Fault::wrong_type("a whole number"))
}

/// Reads a whole number that is a `T`: an id or a quantity.
///
/// # Errors
/// [`Fault`]
pub fn number<T: TryFrom<i64>>(value: &Value) -> Result<T, Fault>
where
    T::Error: std::fmt::Display,
{
    T::try_from(integer(value)?).map_err(|error| Fault::new("out-of-range", error))
}

/// Reads `true` or `false`.
///
/// # Errors
/// [`Fault`]
pub fn boolean(value: &Value) -> Result<bool, Fault> {
    value.as_bool().ok_or_else(|| Fault::wrong_type("true or false"))
}

/// Reads the code of a country.
///
/// # Errors
/// [`Fault`]
pub fn country(value: &Value) -> Result<Country, Fault> {
    Country::parse(text(value)?).map_err(|error| Fault::new("invalid", error))
}

/// Reads an amount in the default currency: a number or a string with at most two decimals.
///
/// # Errors
/// [`Fault`]
pub fn money(value: &Value) -> Result<Money, Fault> {
    let amount = match value {
        Value::Number(number) => Money::parse(&number.to_string(), Currency::default()),
        Value::String(text) => Money::parse(text, Currency::default()),
        _ => return Err(Fault::wrong_type("an amount")),
    };
    amount.map_err(|error| Fault::new("invalid", error))
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use kernel::Quantity;

    use super::*;

    #[track_caller]
    fn check(body: &'static str, expect: Expect) {
        let read = || {
            let mut fields = Fields::parse(&Bytes::from_static(body.as_bytes()))?;
            let name = fields.required("name", line(10));
            let quantity = fields.required("quantity", number::<Quantity>);
            let note = fields.optional("note", line(10));
            fields.finish(|| Some((name?, quantity?.get(), note?)))
        };
        let told = match read() {
            Ok(value) => format!("{value:?}"),
            Err(problem) => String::from_utf8(problem.into_parts("r").1).unwrap(),
        };
        expect.assert_eq(&told);
    }

    #[test]
    fn a_right_body_is_read() {
        check(r#"{"name":" Ada ","quantity":2}"#, expect![[r#"("Ada", 2, None)"#]]);
        check(r#"{"name":"Ada","quantity":2,"note":null}"#, expect![[r#"("Ada", 2, None)"#]]);
    }

    #[test]
    fn all_faults_are_reported_at_once() {
        check(
            r#"{"quantity":1.5,"note":7,"role":"admin"}"#,
            expect![[
                r#"{"type":"urn:cartwheel:problem:validation-failed","title":"Unprocessable Entity","status":422,"detail":"some fields are wrong; errors names each of them","code":"validation-failed","requestId":"r","errors":[{"field":"name","code":"required","detail":"name is required"},{"field":"quantity","code":"wrong-type","detail":"quantity must be a whole number"},{"field":"note","code":"wrong-type","detail":"note must be a string"},{"field":"role","code":"unknown-field","detail":"role is not a field of this request"}]}"#
            ]],
        );
    }

    #[test]
    fn no_number_slips_through() {
        let quantity =
            |json: &str| number::<Quantity>(&serde_json::from_str(json).unwrap()).map(Quantity::get);
        assert_eq!(quantity("99"), Ok(99));
        for json in
            ["0", "-1", "1.5", "1.0", "1e0", "2147483648", "9223372036854775808", "1e400", "\"1\"", "null"]
        {
            assert!(quantity(json).is_err(), "{json}");
        }
    }

    #[test]
    fn what_is_not_json_is_malformed() {
        for body in ["", "{", "{'a':1}", "{\"a\":NaN}", "\u{feff}{}", "{}{}", r#"{"a":"\ud800"}"#] {
            let problem = Fields::parse(&Bytes::copy_from_slice(body.as_bytes())).unwrap_err();
            assert_eq!((problem.status().as_u16(), problem.code()), (400, "malformed-json"), "{body:?}");
        }
        assert_eq!(Fields::parse(&Bytes::from_static(b"[]")).unwrap_err().status(), 422);
    }
}
