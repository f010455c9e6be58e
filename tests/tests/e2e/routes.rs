//! The description and the routes: the same set.

use std::collections::BTreeSet;
use std::sync::Arc;

use capability::scripted::Scripted;
use cartwheel_tests::openapi::OpenApi;
use cartwheel_tests::{Shop, environment};
use serde_json::Value;
use web::Service;

crate::tests![
    what_is_served_is_described_and_what_is_described_is_served,
    every_example_fits_its_schema,
    every_component_reads_the_variables_that_the_manifest_gives_it,
];

async fn what_is_served_is_described_and_what_is_described_is_served(_: Arc<Shop>) {
    fn routes<S: Service>() -> impl Iterator<Item = String> {
        S::ROUTES.iter().map(|route| format!("{} {}", route.method, route.pattern))
    }
    let served: BTreeSet<String> = routes::<users::App<Scripted>>()
        .chain(routes::<products::App<Scripted>>())
        .chain(routes::<orders::App<Scripted>>())
        .collect();
    assert_eq!(served, OpenApi::get().routes());
}

async fn every_example_fits_its_schema(_: Arc<Shop>) {
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

async fn every_component_reads_the_variables_that_the_manifest_gives_it(_: Arc<Shop>) {
    let text = std::fs::read_to_string(format!("{}/spin.toml", environment("CARTWHEEL_ROOT"))).unwrap();
    let manifest: toml::Table = text.parse().unwrap();
    for (name, keys) in [
        ("users", users::Config::KEYS),
        ("products", products::Config::KEYS),
        ("orders", orders::Config::KEYS),
    ] {
        let given = manifest["component"][name]["variables"].as_table().unwrap();
        let given: BTreeSet<&str> = given.keys().map(String::as_str).collect();
        assert_eq!(given, keys.iter().copied().collect(), "{name}");
    }
}
