//! The layers of a service, and what each of them may use: domain < store, clients < app < api.

use std::fs;
use std::path::Path;

use super::source::{self, Use};
use super::{assert_none, checkout, relative, rust_files};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Layer {
    Domain,
    Store,
    Clients,
    App,
    Api,
}

impl Layer {
    fn of_module(name: &str) -> Option<Self> {
        match name {
            "domain" => Some(Self::Domain),
            "store" => Some(Self::Store),
            "clients" => Some(Self::Clients),
            "app" => Some(Self::App),
            "api" => Some(Self::Api),
            _ => None,
        }
    }

    /// Returns its height. Store and clients have the same one: neither is above the other.
    fn height(self) -> u8 {
        match self {
            Self::Domain => 0,
            Self::Store | Self::Clients => 1,
            Self::App => 2,
            Self::Api => 3,
        }
    }
}

/// Returns the faults of a source file. `module` is its path in the crate: `["api", "cart"]`.
fn check(code: &str, module: &[&str]) -> Vec<String> {
    let Some(layer) = module.first().and_then(|name| Layer::of_module(name)) else { return Vec::new() };
    let uses = match source::read(code, module) {
        Ok(uses) => uses,
        Err(error) => return vec![format!("cannot be parsed: {error}")],
    };
    let faults =
        uses.iter().filter_map(|(line, used)| Some(format!("{line}: {used}: {}", fault(layer, used)?)));
    faults.collect()
}

/// Returns why a layer must not use this, if it must not.
fn fault(layer: Layer, used: &Use) -> Option<&'static str> {
    match (layer, used) {
        (Layer::Domain, Use::Async) => Some("domain/ is not asynchronous"),
        (Layer::Api, Use::Text(text)) if is_sql(text) => Some("api/ has no SQL: it belongs to store/"),
        (layer, Use::Path(path)) => path_fault(layer, path),
        _ => None,
    }
}

fn path_fault(layer: Layer, path: &[String]) -> Option<&'static str> {
    let first = path.first().map(String::as_str)?;
    let target = path.get(1).filter(|_| first == "crate").and_then(|name| Layer::of_module(name));
    if target.is_some_and(|target| target.height() > layer.height()) {
        return Some("a layer does not use a higher one");
    }
    match layer {
        Layer::Domain if ["http", "web", "firestore", "capability"].contains(&first) => {
            Some("domain/ uses no http, web, firestore or capability")
        }
        Layer::App if first == "http" => Some("app/ does not know HTTP"),
        Layer::App if first == "web" && path.iter().any(|name| is_web_type(name)) => {
            Some("app/ has neither replies nor problems nor calls of web")
        }
        Layer::Api if target == Some(Layer::Store) => Some("api/ calls use cases of app/, and no store"),
        _ => None,
    }
}

fn is_web_type(name: &str) -> bool {
    ["Reply", "Problem", "Call", "*"].contains(&name)
}

/// Returns whether a text is a SQL statement, or the name of a file with one.
fn is_sql(text: &str) -> bool {
    let words: Vec<String> = text.split_whitespace().take(3).map(str::to_lowercase).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    matches!(
        words.as_slice(),
        ["select", ..]
            | ["insert", "into", _]
            | ["update", _, "set"]
            | ["delete", "from", _]
            | ["with", _, "as" | "as("]
    ) || text.ends_with(".sql")
}

/// Returns the module path of a source file below `src`: `api/cart.rs` and `api/cart/mod.rs` are `["api", "cart"]`.
fn module_of(file: &Path) -> Vec<String> {
    let stem = file.with_extension("");
    let mut module: Vec<String> = stem.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    module.pop_if(|last| last == "mod");
    module
}

/// Returns whether a file is a module of tests.
fn is_tests(module: &[String]) -> bool {
    module.iter().any(|name| name == "tests" || name.ends_with("_tests"))
}

#[test]
fn layers_use_only_what_they_may() {
    let mut faults = Vec::new();
    for file in rust_files("components") {
        let code = fs::read_to_string(&file).unwrap();
        let path = relative(&file);
        let Some((_, below)) = path.split_once("/src/") else { continue };
        let module = module_of(Path::new(below));
        if !is_tests(&module) {
            let module: Vec<&str> = module.iter().map(String::as_str).collect();
            faults.extend(check(&code, &module).into_iter().map(|fault| format!("{path}:{fault}")));
        }
    }
    assert_none(&faults);
}

#[test]
fn only_the_host_crate_the_probe_and_the_entries_use_spin_sdk() {
    let is_permitted = |path: &str| {
        path.starts_with("crates/host-spin/")
            || path.starts_with("tools/devhost/probe/")
            || (path.starts_with("components/") && path.ends_with("/src/entry.rs"))
    };
    let mut faults = Vec::new();
    for file in ["crates", "components", "tools", "tests"].into_iter().flat_map(rust_files) {
        let path = relative(&file);
        let code = fs::read_to_string(&file).unwrap();
        if code.contains("spin_sdk") && !is_permitted(&path) {
            let uses = source::read(&code, &[]).unwrap().into_iter();
            let uses = uses
                .filter(|(_, used)| matches!(used, Use::Path(path) if path.contains(&"spin_sdk".to_owned())));
            faults.extend(uses.map(|(line, used)| format!("{path}:{line}: {used}")));
        }
    }
    assert!(checkout().join("tools").is_dir());
    assert_none(&faults);
}

#[test]
fn good_sources_have_no_faults() {
    for (module, code) in [
        ("domain", "use kernel::Money; fn http(web: u8) -> u8 { web }"),
        ("store", "use capability::Database; use crate::domain::cart::Cart; async fn f() { \"select 1\" }"),
        ("clients", "use http::Request; use crate::store::carts;"),
        ("app", "use crate::{clients::products, domain, store}; use web::page::PageRequest; async fn f() {}"),
        (
            "api",
            "use web::{Call, Problem, Reply}; use crate::app::checkout; fn f() { \"with this, update it\" }",
        ),
        ("config", "use crate::api; use http::Method;"),
    ] {
        assert_eq!(check(code, &[module, "x"]), [""; 0], "{module}: {code}");
    }
}

#[test]
fn bad_sources_have_one_fault_for_each_use() {
    for (module, code) in [
        ("domain", "use http::StatusCode;"),
        ("domain", "fn f() -> web::Problem {}"),
        ("domain", "use firestore::Value;"),
        ("domain", "use capability::Clock;"),
        ("domain", "async fn f() {}"),
        ("domain", "use crate::store::carts;"),
        ("domain", "use super::super::app;"),
        ("store", "use crate::app::cart;"),
        ("clients", "use crate::api::problems;"),
        ("app", "fn f() { http::StatusCode::OK }"),
        ("app", "use web::reply::Reply;"),
        ("app", "use web::*;"),
        ("app", "fn f() -> web::Problem {}"),
        ("app", "use crate::api::requests;"),
        ("api", "use crate::store::carts::Cart;"),
        ("api", "use super::super::store;"),
        ("api", "fn f() { query(\"  SELECT a\\nfrom b\") }"),
        ("api", "const X: &str = \"delete from x where y\";"),
        ("api", "const X: &str = include_str!(\"../../sql/find.sql\");"),
    ] {
        assert_eq!(check(code, &[module, "x"]).len(), 1, "{module}: {code}");
    }
}

#[test]
fn a_module_path_follows_the_file() {
    assert_eq!(module_of(Path::new("api/cart.rs")), ["api", "cart"]);
    assert_eq!(module_of(Path::new("api/cart/mod.rs")), ["api", "cart"]);
    assert_eq!(module_of(Path::new("api.rs")), ["api"]);
}
