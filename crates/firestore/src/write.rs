//! The writes of a commit, with their preconditions.

use kernel::Timestamp;
use serde_json::{Value, json};

use crate::value::{Fields, ValueError, to_fields};

/// A write. A commit applies all of its writes or none.
#[derive(Debug, Clone, PartialEq)]
pub struct Write {
    pub(crate) path: String,
    operation: Operation,
    condition: Option<Value>,
}

#[derive(Debug, Clone, PartialEq)]
enum Operation {
    Set(Fields),
    Delete,
}

impl Write {
    /// Creates a document that must not exist.
    pub fn create(path: impl Into<String>, document: &impl serde::Serialize) -> Result<Self, ValueError> {
        Ok(Self::set(path, document)?.when(json!({ "exists": false })))
    }

    /// Creates or replaces a document.
    pub fn set(path: impl Into<String>, document: &impl serde::Serialize) -> Result<Self, ValueError> {
        Ok(Self { path: path.into(), operation: Operation::Set(to_fields(document)?), condition: None })
    }

    /// Deletes a document.
    pub fn delete(path: impl Into<String>) -> Self {
        Self { path: path.into(), operation: Operation::Delete, condition: None }
    }

    /// Adds the precondition that the document has not been written since it was read at this update time; `None` if it did
    /// not exist.
    #[must_use]
    pub fn unchanged_since(self, update_time: Option<Timestamp>) -> Self {
        match update_time {
            Some(time) => self.when(json!({ "updateTime": time })),
            None => self.when(json!({ "exists": false })),
        }
    }

    fn when(mut self, condition: Value) -> Self {
        self.condition = Some(condition);
        self
    }

    pub(crate) fn to_json(&self, name: &str) -> Value {
        let mut write = match &self.operation {
            Operation::Set(fields) => json!({ "update": { "name": name, "fields": fields } }),
            Operation::Delete => json!({ "delete": name }),
        };
        if let (Some(condition), Value::Object(write)) = (&self.condition, &mut write) {
            write.insert("currentDocument".to_owned(), condition.clone());
        }
        write
    }
}
