//! Rules, dashboards and the collector: every expression is valid, every metric has a source, every alert has a runbook.

use std::collections::{BTreeMap, BTreeSet};

use promql_parser::parser::Expr;
use serde_json::Value;

use crate::files::{built, documents, everywhere, folder, of_kind, read};

fn yaml(name: &str) -> Value {
    documents(&read(name)).remove(0)
}

/// Returns the names and expressions of a file's rules.
fn rules(file: &str, member: &str) -> Vec<(String, String)> {
    let rules = yaml(&format!("k8s/monitoring/rules/{file}"));
    let groups = rules["groups"].as_array().unwrap().iter();
    groups
        .flat_map(|group| group["rules"].as_array().unwrap())
        .map(|rule| (rule[member].as_str().unwrap().to_owned(), rule["expr"].as_str().unwrap().to_owned()))
        .collect()
}

/// Returns every expression of every rule and dashboard, with its place.
fn expressions() -> Vec<(String, String)> {
    let mut all = rules("recording.yml", "record");
    all.extend(rules("alerts.yml", "alert"));
    for (file, text) in folder("k8s/monitoring/dashboards", "json") {
        let dashboard: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{file}: {error}"));
        for panel in dashboard["panels"].as_array().unwrap() {
            let is_promql = panel["datasource"]["type"] == "prometheus";
            for target in panel["targets"].as_array().unwrap().iter().filter(|_| is_promql) {
                // Grafana replaces the variable by its value.
                let expression = target["expr"].as_str().unwrap().replace("$service", "orders-service");
                all.push((format!("{file}, {}", panel["title"]), expression));
            }
        }
    }
    all
}

fn metrics_of(expression: &Expr, found: &mut BTreeSet<String>) {
    match expression {
        Expr::Aggregate(aggregate) => {
            metrics_of(&aggregate.expr, found);
            if let Some(parameter) = &aggregate.param {
                metrics_of(parameter, found);
            }
        }
        Expr::Unary(unary) => metrics_of(&unary.expr, found),
        Expr::Binary(binary) => {
            metrics_of(&binary.lhs, found);
            metrics_of(&binary.rhs, found);
        }
        Expr::Paren(inner) => metrics_of(&inner.expr, found),
        Expr::Subquery(inner) => metrics_of(&inner.expr, found),
        Expr::VectorSelector(selector) => {
            found.insert(selector.name.clone().expect("a selector names its metric"));
        }
        Expr::MatrixSelector(selector) => {
            found.insert(selector.vs.name.clone().expect("a selector names its metric"));
        }
        Expr::Call(call) => call.args.args.iter().for_each(|argument| metrics_of(argument, found)),
        Expr::NumberLiteral(_) | Expr::StringLiteral(_) => {}
        Expr::Extension(_) => panic!("an extension"),
    }
}

#[test]
fn every_expression_is_valid_and_every_metric_has_a_source() {
    let emitted: BTreeMap<String, Vec<String>> =
        serde_norway::from_str(&read("k8s/monitoring/metrics.yaml")).unwrap();
    let mut known: BTreeSet<String> = emitted.into_values().flatten().collect();
    known.extend(rules("recording.yml", "record").into_iter().map(|(name, _)| name));
    let expressions = expressions();
    assert!(expressions.len() > 60, "{}", expressions.len());
    for (place, expression) in expressions {
        let parsed = promql_parser::parser::parse(&expression);
        let parsed = parsed.unwrap_or_else(|error| panic!("{place}: {error} in {expression}"));
        let mut used = BTreeSet::new();
        metrics_of(&parsed, &mut used);
        let unknown: Vec<_> = used.difference(&known).collect();
        assert!(unknown.is_empty(), "{place}: no source emits {unknown:?}");
    }
}

#[test]
fn the_collector_counts_exactly_the_listed_metrics() {
    let collector = yaml("k8s/monitoring/otel-collector.yaml");
    let emitted: BTreeMap<String, Vec<String>> =
        serde_norway::from_str(&read("k8s/monitoring/metrics.yaml")).unwrap();
    let counted: BTreeSet<String> = collector["connectors"]["count"]["logs"]
        .as_object()
        .unwrap()
        .keys()
        .map(|name| format!("{}_total", name.replace('.', "_")))
        .collect();
    let listed: BTreeSet<String> =
        emitted["collector, from log lines of the components (count)"].iter().cloned().collect();
    assert_eq!(counted, listed);
    assert_eq!(collector["connectors"]["spanmetrics"]["namespace"], "http.server");
    assert!(emitted.keys().any(|emitter| emitter.contains("namespace http.server")));
    // The collector reads only fields that a log line has.
    let log = read("crates/web/src/log.rs");
    for field in ["route", "status", "method", "code", "note", "severity", "service"] {
        assert!(log.contains(&format!("    {field}: ")), "{field}");
    }
}

#[test]
fn routes_in_expressions_are_routes_of_the_api() {
    let openapi = yaml("api/openapi.yaml");
    let paths = openapi["paths"].as_object().unwrap();
    let mut tried = 0;
    for (place, expression) in expressions() {
        for route in expression.split("route=\"").skip(1).map(|rest| rest.split('"').next().unwrap()) {
            assert!(paths.contains_key(route), "{place}: there is no {route}");
            tried += 1;
        }
    }
    assert!(tried > 10, "{tried}");
}

#[test]
fn every_part_of_a_pipeline_is_defined_and_every_definition_is_used() {
    let collector = yaml("k8s/monitoring/otel-collector.yaml");
    let names = |section: &str| -> BTreeSet<String> {
        collector[section].as_object().map(|section| section.keys().cloned().collect()).unwrap_or_default()
    };
    let mut used: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for (pipeline, parts) in collector["service"]["pipelines"].as_object().unwrap() {
        for section in ["receivers", "processors", "exporters"] {
            for part in parts[section].as_array().unwrap() {
                used.entry(section).or_default().insert(part.as_str().unwrap().to_owned());
            }
        }
        assert_eq!(parts["processors"][0], "memory_limiter", "{pipeline}: the memory limiter is first");
        if let Some(place) = parts["processors"].as_array().unwrap().iter().position(|part| part == "batch") {
            assert_eq!(
                place,
                parts["processors"].as_array().unwrap().len() - 1,
                "{pipeline}: batching is last"
            );
        }
    }
    let connectors = names("connectors");
    for (section, used) in &used {
        let defined: BTreeSet<String> = names(section).union(&connectors).cloned().collect();
        assert!(used.is_subset(&defined), "{section}: {:?}", used.difference(&defined));
        assert!(names(section).is_subset(used), "{section} defines an unused part");
    }
    for connector in &connectors {
        assert!(
            used["receivers"].contains(connector) && used["exporters"].contains(connector),
            "{connector}"
        );
    }
    // Metrics come from the spans before sampling.
    let red = &collector["service"]["pipelines"]["traces/red"];
    assert_eq!(red["exporters"], serde_json::json!(["spanmetrics"]));
    assert!(!red["processors"].to_string().contains("sampler"));
    // One pipeline exports to Loki.
    let to_loki = collector["service"]["pipelines"].as_object().unwrap().values();
    assert_eq!(to_loki.filter(|parts| parts["exporters"].to_string().contains("loki")).count(), 1);
}

#[test]
fn every_alert_names_its_runbook_and_every_runbook_its_alert() {
    let operations = read("docs/operations.md");
    let sections: BTreeSet<String> =
        operations.lines().filter_map(|line| line.strip_prefix("#### ")).map(str::to_owned).collect();
    let alerts = yaml("k8s/monitoring/rules/alerts.yml");
    let mut named = BTreeSet::new();
    for rule in alerts["groups"][0]["rules"].as_array().unwrap() {
        let name = rule["alert"].as_str().unwrap();
        assert!(["page", "ticket", "none"].contains(&rule["labels"]["severity"].as_str().unwrap()), "{name}");
        assert!(rule["annotations"]["summary"].is_string(), "{name}");
        let runbook = rule["annotations"]["runbook"].as_str().unwrap();
        let (_, anchor) =
            runbook.split_once("docs/operations.md#").unwrap_or_else(|| panic!("{name}: {runbook}"));
        assert_eq!(anchor, name.to_lowercase(), "{name}");
        assert!(sections.contains(name), "docs/operations.md has no section {name}");
        named.insert(name.to_owned());
    }
    assert_eq!(sections, named);
}

#[test]
fn every_config_map_is_mounted_and_every_host_is_a_service() {
    let documents = built("monitoring");
    let services: BTreeSet<&str> = of_kind(&documents, "Service")
        .iter()
        .map(|service| service["metadata"]["name"].as_str().unwrap())
        .collect();
    let mut texts: Vec<String> = Vec::new();
    for config in of_kind(&documents, "ConfigMap") {
        texts.extend(
            config["data"].as_object().unwrap().values().map(|text| text.as_str().unwrap().to_owned()),
        );
    }
    texts.extend(built("production").iter().map(Value::to_string));
    let mut tried = 0;
    for host in texts.iter().flat_map(|text| {
        text.match_indices(".observability.svc.cluster.local").map(|(end, _)| {
            let start = text[..end].rfind(['/', '"', '@']).map_or(0, |start| start + 1);
            text[start..end].to_owned()
        })
    }) {
        assert!(services.contains(host.as_str()), "there is no Service {host}");
        tried += 1;
    }
    assert!(tried >= 4, "{tried}");
    let mut mounted = Vec::new();
    documents.iter().for_each(|document| everywhere(document, "configMap", &mut mounted));
    let mounted: BTreeSet<&str> = mounted.iter().map(|map| map["name"].as_str().unwrap()).collect();
    let made: BTreeSet<&str> = of_kind(&documents, "ConfigMap")
        .iter()
        .map(|config| config["metadata"]["name"].as_str().unwrap())
        .collect();
    assert_eq!(mounted, made);
    let dashboards = of_kind(&documents, "ConfigMap")
        .into_iter()
        .find(|config| config["metadata"]["name"].as_str().unwrap().starts_with("grafana-dashboards"))
        .unwrap();
    let deployed: BTreeSet<String> = dashboards["data"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(deployed, folder("k8s/monitoring/dashboards", "json").into_keys().collect());
}

/// Debian's promtool cannot check this part of the configuration (`xtask/src/k8s.rs`).
#[test]
fn the_discovery_of_kubernetes_is_valid_and_finds_pods() {
    let schema = serde_json::json!({ "type": "array", "items": { "additionalProperties": false, "required": ["role"], "properties": {
        "role": { "enum": ["pod", "node"] },
        "namespaces": { "additionalProperties": false, "required": ["names"],
            "properties": { "names": { "items": { "enum": ["ecommerce", "observability"] } } } },
    } } });
    let validator = jsonschema::draft202012::options().build(&schema).unwrap();
    let config = yaml("k8s/monitoring/prometheus.yml");
    let mut found = 0;
    for job in config["scrape_configs"].as_array().unwrap() {
        let Some(discovery) = job.get("kubernetes_sd_configs") else { continue };
        assert!(validator.is_valid(discovery), "{discovery}");
        found += 1;
    }
    assert_eq!(found, 3);
    // Pods have the labels by which the jobs select them.
    let all: String = built("monitoring").iter().chain(&built("production")).map(Value::to_string).collect();
    for name in ["otel-collector", "cloud-sql-proxy"] {
        assert!(
            all.contains(&format!(r#""app.kubernetes.io/name":"{name}""#))
                || all.contains(&format!(r#""app.kubernetes.io/component":"{name}""#))
        );
    }
}
