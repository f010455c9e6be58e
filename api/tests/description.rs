//! The description matches the routes of the services, and its examples match its schemas.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::collections::BTreeSet;

use api_description::OpenApi;
use capability::scripted::Scripted;
use serde_json::Value;
use web::Service;

#[test]
fn every_route_is_described_and_every_described_route_is_served() {
    fn routes<S: Service>() -> impl Iterator<Item = String> {
        S::ROUTES.iter().map(|route| format!("{} {}", route.method, route.pattern))
    }
    let served: BTreeSet<String> = routes::<users::App<Scripted>>()
        .chain(routes::<products::App<Scripted>>())
        .chain(routes::<orders::App<Scripted>>())
        .collect();
    assert_eq!(served, OpenApi::get().routes());
}

#[test]
fn every_example_matches_its_schema() {
    let openapi = OpenApi::get();
    for (name, schema) in openapi.document["components"]["schemas"].as_object().unwrap() {
        let examples = schema["examples"].as_array().unwrap_or_else(|| panic!("{name} has no example"));
        for example in examples {
            openapi.check(schema, example, &format!("the example of {name}"));
        }
    }
    for (name, response) in openapi.document["components"]["responses"].as_object().unwrap() {
        let Some(media) = response.pointer("/content/application~1problem+json") else { continue };
        assert_ne!(media["example"], Value::Null, "{name} has no example");
        openapi.check(&media["schema"], &media["example"], &format!("the example of {name}"));
    }
}

#[test]
fn every_component_reads_exactly_the_variables_of_its_manifest_entry() {
    let text = include_str!("../../spin.toml");
    let manifest: toml::Table = text.parse().unwrap();
    for (name, keys) in [
        ("users", users::Config::KEYS.concat()),
        ("products", products::Config::KEYS.concat()),
        ("orders", orders::Config::KEYS.concat()),
    ] {
        let given = manifest["component"][name]["variables"].as_table().unwrap();
        let given: BTreeSet<&str> = given.keys().map(String::as_str).collect();
        assert_eq!(given, keys.iter().copied().collect(), "{name}");
    }
}
