//! Stores documents. A commit applies all of its writes or none.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use kernel::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::status::Status;

/// The documents of all databases by full name, in memory or also in a file.
#[derive(Debug, Default)]
pub struct Store {
    documents: BTreeMap<String, Document>,
    last_time: i64,
    file: Option<PathBuf>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Document {
    pub(crate) fields: Map<String, Value>,
    pub(crate) create_time: Timestamp,
    pub(crate) update_time: Timestamp,
}

impl Store {
    /// Reads a store from a file, to which each commit writes it. A missing file is an empty store.
    ///
    /// # Errors
    /// If the file exists and cannot be read.
    pub fn from_file(file: &Path) -> anyhow::Result<Self> {
        let documents = match std::fs::read(file) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .with_context(|| format!("{} is damaged: remove it to start over", file.display()))?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => BTreeMap::new(),
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", file.display())),
        };
        Ok(Self { documents, last_time: 0, file: Some(file.to_owned()) })
    }

    pub(crate) fn get(&self, name: &str) -> Option<Value> {
        self.documents.get(name).map(|document| document.to_json(name))
    }

    /// Returns the documents of a collection, without those of its subcollections. `parent` is `projects/../documents` or a
    /// document's name.
    pub(crate) fn collection(&self, parent: &str, collection: &str) -> Vec<(&String, &Document)> {
        let prefix = format!("{parent}/{collection}/");
        let in_collection =
            self.documents.range(prefix.clone()..).take_while(|(name, _)| name.starts_with(&prefix));
        in_collection
            .filter(|(name, _)| !name.get(prefix.len()..).unwrap_or_default().contains('/'))
            .collect()
    }

    pub(crate) fn clear(&mut self) -> anyhow::Result<()> {
        self.documents.clear();
        self.save()
    }

    /// Applies the writes in order. If one fails, none is applied.
    pub(crate) fn commit(&mut self, writes: &[Value], now: Timestamp) -> Result<Value, Status> {
        let time = self.tick(now);
        let mut before = Vec::with_capacity(writes.len());
        let applied = writes.iter().try_for_each(|write| {
            before.push(apply(&mut self.documents, write, time)?);
            Ok(())
        });
        let saved =
            applied.and_then(|()| self.save().map_err(|error| Status::new("INTERNAL", format!("{error:#}"))));
        if let Err(status) = saved {
            // In reverse order, because a document may have been written twice.
            for (name, document) in before.into_iter().rev() {
                match document {
                    Some(document) => self.documents.insert(name, document),
                    None => self.documents.remove(&name),
                };
            }
            return Err(status);
        }
        let results: Vec<Value> = writes.iter().map(|_| json!({ "updateTime": time })).collect();
        Ok(json!({ "writeResults": results, "commitTime": time }))
    }

    /// Returns the time of a commit. Times are strictly increasing, so that update times identify versions.
    fn tick(&mut self, now: Timestamp) -> Timestamp {
        self.last_time = now.unix_micros().max(self.last_time.saturating_add(1));
        Timestamp::from_unix_micros(self.last_time).unwrap_or(now)
    }

    fn save(&self) -> anyhow::Result<()> {
        let Some(file) = &self.file else { return Ok(()) };
        let draft = file.with_extension("draft");
        std::fs::write(&draft, serde_json::to_vec(&self.documents)?)
            .and_then(|()| std::fs::rename(&draft, file))
            .with_context(|| format!("cannot write {}", file.display()))
    }
}

impl Document {
    pub(crate) fn to_json(&self, name: &str) -> Value {
        json!({ "name": name, "fields": self.fields, "createTime": self.create_time, "updateTime": self.update_time })
    }
}

/// Applies a write, and returns the document's name and its previous version.
fn apply(
    documents: &mut BTreeMap<String, Document>,
    write: &Value,
    time: Timestamp,
) -> Result<(String, Option<Document>), Status> {
    let update = write.get("update");
    let name = update.and_then(|update| update.get("name")).or(write.get("delete")).and_then(Value::as_str);
    let name = name.ok_or_else(|| Status::invalid("a write must have an update or a delete"))?;
    let current = documents.get(name);
    check(write.get("currentDocument"), current, name)?;
    let Some(update) = update else {
        return Ok((name.to_owned(), documents.remove(name)));
    };
    let fields = match update.get("fields") {
        Some(Value::Object(fields)) => fields.clone(),
        None => Map::new(),
        Some(_) => return Err(Status::invalid("fields must be an object")),
    };
    let mut fields = match write.pointer("/updateMask/fieldPaths").and_then(Value::as_array) {
        Some(mask) => masked(current, fields, mask)?,
        None => fields,
    };
    for transform in write.get("updateTransforms").and_then(Value::as_array).into_iter().flatten() {
        transform_field(&mut fields, transform, time)?;
    }
    let create_time = current.map_or(time, |document| document.create_time);
    let written = Document { fields, create_time, update_time: time };
    Ok((name.to_owned(), documents.insert(name.to_owned(), written)))
}

fn check(condition: Option<&Value>, current: Option<&Document>, name: &str) -> Result<(), Status> {
    let Some(condition) = condition else { return Ok(()) };
    match (condition.get("exists").and_then(Value::as_bool), current) {
        (Some(false), Some(_)) => {
            return Err(Status::new("ALREADY_EXISTS", format!("Document already exists: {name}")));
        }
        (Some(true), None) => return Err(Status::new("NOT_FOUND", format!("No document to update: {name}"))),
        _ => {}
    }
    let Some(expected) = condition.get("updateTime").and_then(Value::as_str) else { return Ok(()) };
    let expected = Timestamp::parse(expected).ok_or_else(|| Status::invalid("updateTime is not a time"))?;
    match current {
        Some(document) if document.update_time == expected => Ok(()),
        Some(_) => Err(Status::new(
            "FAILED_PRECONDITION",
            "the stored version does not match the required base version",
        )),
        None => Err(Status::new("NOT_FOUND", format!("No document to update: {name}"))),
    }
}

/// Applies an update mask. Only top-level fields are supported.
fn masked(
    current: Option<&Document>,
    mut given: Map<String, Value>,
    mask: &[Value],
) -> Result<Map<String, Value>, Status> {
    let mut fields = current.map(|document| document.fields.clone()).unwrap_or_default();
    for path in mask.iter().filter_map(Value::as_str) {
        if path.contains(['.', '`']) {
            return Err(Status::new("UNIMPLEMENTED", "the emulator supports masks of top-level fields only"));
        }
        match given.remove(path) {
            Some(value) => fields.insert(path.to_owned(), value),
            None => fields.remove(path),
        };
    }
    Ok(fields)
}

fn transform_field(
    fields: &mut Map<String, Value>,
    transform: &Value,
    time: Timestamp,
) -> Result<(), Status> {
    let path = transform.get("fieldPath").and_then(Value::as_str);
    let path = path.ok_or_else(|| Status::invalid("a transform must have a fieldPath"))?;
    let value = if transform.get("setToServerValue").and_then(Value::as_str) == Some("REQUEST_TIME") {
        json!({ "timestampValue": time })
    } else if let Some(step) = transform.get("increment") {
        let integer = |value: Option<&Value>| {
            value.and_then(|value| value.get("integerValue")?.as_str()?.parse::<i64>().ok())
        };
        let step =
            integer(Some(step)).ok_or_else(|| Status::invalid("an increment must be an integerValue"))?;
        let sum = integer(fields.get(path)).unwrap_or(0).saturating_add(step);
        json!({ "integerValue": sum.to_string() })
    } else {
        return Err(Status::new("UNIMPLEMENTED", "the emulator does not support this transform"));
    };
    fields.insert(path.to_owned(), value);
    Ok(())
}
