//! One write of a commit, with the condition under which it may happen.

use kernel::Timestamp;
use serde_json::{Value, json};

use crate::value::{Fields, ValueError, to_fields};

/// A write. All writes of a commit happen, or none.
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
    /// Makes a document that must not exist yet.
    ///
    /// # Errors
    /// [`ValueError`]
    pub fn create(path: impl Into<String>, document: &impl serde::Serialize) -> Result<Self, ValueError> {
        Ok(Self::set(path, document)?.when(json!({ "exists": false })))
    }

    /// Replaces a document, whatever it was.
    ///
    /// # Errors
    /// [`ValueError`]
    pub fn set(path: impl Into<String>, document: &impl serde::Serialize) -> Result<Self, ValueError> {
        Ok(Self { path: path.into(), operation: Operation::Set(to_fields(document)?), condition: None })
    }

    /// Removes a document.
    pub fn delete(path: impl Into<String>) -> Self {
        Self { path: path.into(), operation: Operation::Delete, condition: None }
    }

    /// The same write, if nobody has written the document since it was read: `seen` is its update time then, `None` if it
    /// did not exist.
    #[must_use]
    pub fn unchanged_since(self, seen: Option<Timestamp>) -> Self {
        match seen {
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
