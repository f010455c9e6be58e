//! Reads a JSON object field by field and reports every fault at once.
//!
//! A derived `Deserialize` stops at the first fault; a client that shows a form needs all of them.

mod fault;
mod readers;

use serde_json::{Map, Value};

pub use self::fault::{FieldError, FieldFault, InvalidFields};
pub use self::readers::{boolean, country, integer, line, money, number, paragraph, text};

/// The fields of an object that have not been read yet, and the faults found so far.
#[derive(Debug)]
pub struct Fields {
    unread: Map<String, Value>,
    errors: Vec<FieldError>,
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

#[cfg(test)]
mod tests;
