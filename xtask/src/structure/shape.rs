//! The folders of a service, and the independence of the services from each other.

use std::fs;
use std::path::Path;

use super::{assert_none, checkout};

/// The folders that each service has.
const REQUIRED: [&str; 4] = ["domain", "app", "store", "api"];
/// The folder of a service that calls another service or an API.
const OPTIONAL: &str = "clients";
/// The files beside the layers.
const FILES: [&str; 3] = ["lib", "config", "entry"];

/// Returns the names of the services.
fn services() -> Vec<String> {
    let entries = fs::read_dir(checkout().join("components")).unwrap().flatten();
    let mut names: Vec<String> = entries.map(|entry| entry.file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Returns the names of the files and folders in a folder.
fn names_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().into_string().ok()).collect()
}

/// Returns the faults of a `src` folder with these files and folders.
fn shape_faults(names: &[String]) -> Vec<String> {
    let has = |name: &str| names.iter().any(|other| other == name);
    let missing = REQUIRED.iter().filter(|folder| !has(folder)).map(|folder| format!("{folder}/ is missing"));
    let missing_files = FILES
        .iter()
        .map(|file| format!("{file}.rs"))
        .filter(|file| !has(file))
        .map(|file| format!("{file} is missing"));
    let is_known = |name: &&String| {
        let stem = name.strip_suffix(".rs").unwrap_or(name);
        REQUIRED.contains(&stem) || stem == OPTIONAL || (FILES.contains(&stem) && name.ends_with(".rs"))
    };
    let unknown =
        names.iter().filter(|name| !is_known(name)).map(|name| format!("{name} belongs to no layer"));
    missing.chain(missing_files).chain(unknown).collect()
}

/// Returns the packages that a manifest depends on, for any target and purpose.
fn dependencies(manifest: &toml::Table) -> Vec<String> {
    let mut found = Vec::new();
    for (key, value) in manifest {
        let Some(table) = value.as_table() else { continue };
        if key.ends_with("dependencies") {
            found.extend(table.iter().map(|(name, value)| {
                value.get("package").and_then(toml::Value::as_str).unwrap_or(name).to_owned()
            }));
        } else if key == "target" {
            found.extend(table.values().filter_map(toml::Value::as_table).flat_map(dependencies));
        }
    }
    found
}

#[test]
fn every_service_has_the_same_folders() {
    let mut faults = Vec::new();
    for service in services() {
        let names = names_in(&checkout().join("components").join(&service).join("src"));
        faults.extend(
            shape_faults(&names).into_iter().map(|fault| format!("components/{service}/src: {fault}")),
        );
    }
    assert_none(&faults);
}

#[test]
fn no_service_depends_on_another() {
    let services = services();
    assert!(services.len() >= 3, "{services:?}");
    let mut faults = Vec::new();
    for service in &services {
        let file = checkout().join("components").join(service).join("Cargo.toml");
        let manifest: toml::Table = fs::read_to_string(file).unwrap().parse().unwrap();
        let others = dependencies(&manifest).into_iter().filter(|name| services.contains(name));
        faults.extend(others.map(|other| format!("{service} depends on {other}")));
    }
    assert_none(&faults);
}

#[test]
fn a_missing_folder_and_an_unknown_file_are_faults() {
    let names = |names: &str| names.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let complete = "lib.rs config.rs entry.rs domain domain.rs app store clients api api.rs";
    assert_eq!(shape_faults(&names(complete)), [""; 0]);
    assert_eq!(shape_faults(&names(&complete.replace(" store", ""))), ["store/ is missing"]);
    assert_eq!(shape_faults(&names(&complete.replace(" entry.rs", ""))), ["entry.rs is missing"]);
    assert_eq!(shape_faults(&names(&format!("{complete} interim.rs"))), ["interim.rs belongs to no layer"]);
}

#[test]
fn dependencies_of_every_kind_are_found() {
    let manifest = "
        [dependencies]\na.workspace = true
        [dev-dependencies]\nb = { package = \"c\", version = \"1\" }
        [target.'cfg(unix)'.dependencies]\nd = \"1\"";
    assert_eq!(dependencies(&manifest.parse().unwrap()), ["a", "c", "d"]);
}
