use serde::Serialize;

/// What is wrong with a value: a stable code, and a sentence that continues after the field's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldFault {
    pub(super) code: &'static str,
    pub(super) detail: String,
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

impl FieldFault {
    /// Creates the fault of a value that has the right type.
    pub fn new(code: &'static str, detail: impl ToString) -> Self {
        Self { code, detail: detail.to_string() }
    }

    pub(super) fn wrong_type(expected: &str) -> Self {
        Self::new("wrong-type", format!("must be {expected}"))
    }

    pub(super) fn required() -> Self {
        Self::new("required", "is required")
    }
}

impl InvalidFields {
    /// Creates the fault of a single field. `detail` is a whole sentence.
    pub fn one(field: impl Into<String>, code: &'static str, detail: impl Into<String>) -> Self {
        Self(vec![FieldError { field: field.into(), code, detail: detail.into() }])
    }
}
