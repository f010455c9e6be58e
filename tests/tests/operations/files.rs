//! Reads the files that are checked.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use cartwheel_tests::environment;
use serde::Deserialize as _;
use serde_json::Value;

/// The overlays that are deployed.
pub(crate) const OVERLAYS: [&str; 5] = ["dev", "staging", "production", "production-us", "production-eu"];

/// All sets of manifests that `cargo xtask k8s` builds.
pub(crate) const BUILDS: [&str; 10] = [
    "dev",
    "staging",
    "production",
    "production-us",
    "production-eu",
    "monitoring",
    "cluster",
    "hardening",
    "production-with-nginx-ingress",
    "production-with-spintainer",
];

/// Returns the path of a file of the project.
pub(crate) fn path(name: &str) -> PathBuf {
    Path::new(&environment("CARTWHEEL_ROOT")).join(name)
}

/// Returns the text of a file of the project.
pub(crate) fn read(name: &str) -> String {
    std::fs::read_to_string(path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Returns the names and texts of a folder's files that have this extension.
pub(crate) fn folder(name: &str, extension: &str) -> BTreeMap<String, String> {
    let entries = std::fs::read_dir(path(name)).unwrap().map(|entry| entry.unwrap().path());
    let wanted = entries.filter(|file| file.extension().is_some_and(|found| found == extension));
    wanted
        .map(|file| {
            (
                file.file_name().unwrap().to_string_lossy().into_owned(),
                std::fs::read_to_string(&file).unwrap(),
            )
        })
        .collect()
}

/// Parses the YAML documents of a text.
pub(crate) fn documents(text: &str) -> Vec<Value> {
    let documents =
        serde_norway::Deserializer::from_str(text).map(|document| Value::deserialize(document).unwrap());
    documents.filter(|document| !document.is_null()).collect()
}

/// Returns the manifests of one of the `BUILDS`.
pub(crate) fn built(name: &str) -> Vec<Value> {
    let file = Path::new(&environment("CARTWHEEL_BUILT_MANIFESTS")).join(format!("{name}.yaml"));
    documents(&std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display())))
}

/// Returns the documents of a kind.
pub(crate) fn of_kind<'d>(documents: &'d [Value], kind: &str) -> Vec<&'d Value> {
    documents.iter().filter(|document| document["kind"] == kind).collect()
}

/// Returns the document of a kind with a name; panics if there is none.
#[track_caller]
pub(crate) fn one<'d>(documents: &'d [Value], kind: &str, name: &str) -> &'d Value {
    let found = of_kind(documents, kind).into_iter().find(|document| document["metadata"]["name"] == name);
    found.unwrap_or_else(|| panic!("there is no {kind} {name}"))
}

/// Collects the values of all members of this name, at any depth.
pub(crate) fn everywhere<'v>(value: &'v Value, member: &str, found: &mut Vec<&'v Value>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                if name == member {
                    found.push(value);
                }
                everywhere(value, member, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| everywhere(item, member, found)),
        _ => {}
    }
}
