//! Checks that names that stand in several files agree.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::files::{BUILDS, OVERLAYS, built, everywhere, folder, of_kind, one, read};

const SERVICES: [&str; 3] = ["users", "products", "orders"];

fn manifest() -> toml::Table {
    read("spin.toml").parse().unwrap()
}

/// Returns the names in `{{ }}`.
fn templates(text: &str) -> BTreeSet<String> {
    text.split("{{").skip(1).map(|rest| rest.split("}}").next().unwrap().trim().to_owned()).collect()
}

/// Returns the application variables that a component uses in its own variables and in its allowed hosts.
fn needed(component: &str) -> BTreeSet<String> {
    let component = &manifest()["component"][component];
    templates(&format!("{} {}", component["variables"], component["allowed_outbound_hosts"]))
}

fn variables(app: &Value) -> BTreeMap<String, Value> {
    let variables = app["spec"]["variables"].as_array().unwrap();
    let named: BTreeMap<String, Value> = variables
        .iter()
        .map(|variable| (variable["name"].as_str().unwrap().to_owned(), variable.clone()))
        .collect();
    assert_eq!(named.len(), variables.len(), "a variable is set twice");
    named
}

/// Returns the ConfigMap that is generated from an overlay's config.env.
fn config(documents: &[Value]) -> &Value {
    let name = |document: &Value| document["metadata"]["name"].as_str().unwrap().to_owned();
    let mut found = of_kind(documents, "ConfigMap").into_iter();
    found.find(|document| name(document).starts_with("ecommerce-config-")).expect("an overlay has config.env")
}

#[test]
fn every_app_sets_exactly_the_variables_that_its_component_needs() {
    for overlay in OVERLAYS {
        let documents = built(overlay);
        for service in SERVICES {
            let app = one(&documents, "SpinApp", &format!("{service}-service"));
            let set: BTreeSet<String> = variables(app).into_keys().collect();
            assert_eq!(set, needed(service), "{overlay}, {service}");
            assert_eq!(app["spec"]["components"], serde_json::json!([service]));
        }
    }
}

#[test]
fn every_variable_has_a_default_and_secrets_come_from_secrets() {
    let manifest = manifest();
    let all = manifest["variables"].as_table().unwrap();
    for (name, variable) in all {
        assert!(variable.get("default").is_some(), "Spin fails in every app that does not set {name}");
    }
    for overlay in OVERLAYS {
        let documents = built(overlay);
        for app in of_kind(&documents, "SpinApp") {
            for (name, variable) in variables(app) {
                let is_secret = all[&name].get("secret").and_then(toml::Value::as_bool).unwrap_or(false);
                let comes_from_secret = !variable["valueFrom"]["secretKeyRef"].is_null();
                assert_eq!(is_secret, comes_from_secret, "{overlay}: {name}");
            }
        }
    }
}

#[test]
fn every_reference_to_a_config_map_or_secret_resolves() {
    for overlay in OVERLAYS {
        let documents = built(overlay);
        let config = config(&documents);
        // The keys of each Secret, whether generated or copied from Secret Manager.
        let mut secrets: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for secret in of_kind(&documents, "Secret") {
            let keys = secret["data"].as_object().unwrap().keys().cloned().collect();
            secrets.insert(secret["metadata"]["name"].as_str().unwrap().to_owned(), keys);
        }
        for secret in of_kind(&documents, "ExternalSecret") {
            let data = secret["spec"]["data"].as_array().unwrap();
            let keys = data.iter().map(|entry| entry["secretKey"].as_str().unwrap().to_owned()).collect();
            secrets.insert(secret["spec"]["target"]["name"].as_str().unwrap().to_owned(), keys);
        }
        for document in &documents {
            let (mut references, mut maps, mut loaded, mut volumes) = (vec![], vec![], vec![], vec![]);
            everywhere(document, "secretKeyRef", &mut references);
            everywhere(document, "configMapKeyRef", &mut maps);
            everywhere(document, "loadFromSecret", &mut loaded);
            everywhere(document, "configMap", &mut volumes);
            for reference in references {
                let (name, key) = (reference["name"].as_str().unwrap(), reference["key"].as_str().unwrap());
                assert!(
                    secrets.get(name).is_some_and(|keys| keys.contains(key)),
                    "{overlay}: no {key} in {name}"
                );
            }
            for reference in maps {
                assert_eq!(reference["name"], config["metadata"]["name"], "{overlay}");
                let key = reference["key"].as_str().unwrap();
                assert!(!config["data"][key].is_null(), "{overlay}: config.env has no {key}");
            }
            for name in loaded {
                assert!(secrets[name.as_str().unwrap()].contains("runtime-config.toml"));
            }
            for volume in volumes {
                one(&documents, "ConfigMap", volume["name"].as_str().unwrap());
            }
        }
    }
}

#[test]
fn a_config_sets_exactly_the_keys_that_are_used() {
    for overlay in OVERLAYS {
        let documents = built(overlay);
        let config = config(&documents)["data"].as_object().unwrap();
        let mut maps = Vec::new();
        documents.iter().for_each(|document| everywhere(document, "configMapKeyRef", &mut maps));
        let used: BTreeSet<&str> = maps.iter().map(|reference| reference["key"].as_str().unwrap()).collect();
        let set: BTreeSet<&str> = config.keys().map(String::as_str).collect();
        assert_eq!(set, used, "{overlay}");
    }
}

#[test]
fn service_accounts_databases_registry_and_hosts_agree_with_terraform() {
    let terraform: String = folder("infra", "tf").into_values().collect();
    for overlay in OVERLAYS {
        let documents = built(overlay);
        let project = config(&documents)["data"]["gcp_project"].as_str().unwrap().to_owned();
        for (account, google) in
            [("ecommerce-ksa", "ecommerce-services-sa"), ("cloud-sql-proxy", "cloud-sql-proxy-sa")]
        {
            let annotation = &one(&documents, "ServiceAccount", account)["metadata"]["annotations"];
            let annotation = annotation["iam.gke.io/gcp-service-account"].as_str().unwrap();
            assert_eq!(annotation, format!("{google}@{project}.iam.gserviceaccount.com"), "{overlay}");
            assert!(terraform.contains(&format!("account_id   = \"{google}\"")), "{google}");
            assert!(terraform.contains(&format!(".svc.id.goog[ecommerce/{account}]")), "{account}");
        }
        let instance = config(&documents)["data"]["cloud_sql_instance"].as_str().unwrap();
        assert_eq!(instance, format!("{project}:asia-southeast1:ecommerce-postgres"));
        for app in of_kind(&documents, "SpinApp") {
            let image = app["spec"]["image"].as_str().unwrap();
            assert!(
                image.starts_with(&format!("asia-southeast1-docker.pkg.dev/{project}/ecommerce-images/app:")),
                "{image}"
            );
            assert_eq!(app["spec"]["serviceAccountName"], "ecommerce-ksa");
        }
        assert_eq!(
            one(&documents, "SecretStore", "google-secret-manager")["spec"]["provider"]["gcpsm"]["projectID"],
            project
        );
        for secret in of_kind(&documents, "ExternalSecret") {
            for entry in secret["spec"]["data"].as_array().unwrap() {
                let key = entry["remoteRef"]["key"].as_str().unwrap();
                assert!(terraform.contains(&format!("\"{key}\",")), "infra/secrets.tf has no {key}");
            }
        }
        // The Service of a SpinApp has the SpinApp's name.
        for app in of_kind(&documents, "SpinApp") {
            for (name, variable) in variables(app) {
                if let (Some(service), Some(url)) = (name.strip_suffix("_url"), variable["value"].as_str())
                    && SERVICES.contains(&service)
                {
                    assert_eq!(url, format!("http://{service}-service.ecommerce.svc.cluster.local"));
                }
                if let (Some(service), Some(host)) =
                    (name.strip_suffix("_db_host"), variable["value"].as_str())
                {
                    let proxy = host.strip_suffix(".ecommerce.svc.cluster.local").unwrap();
                    assert_eq!(proxy, format!("{service}-db-proxy"));
                    one(&documents, "Service", proxy);
                    one(&documents, "Deployment", proxy);
                    assert!(terraform.contains(&format!("\"{service}_db\"")));
                }
            }
        }
    }
    let production = built("production");
    let ingress = one(&production, "Ingress", "ecommerce");
    let annotations = &ingress["metadata"]["annotations"];
    for (annotation, name) in [
        ("kubernetes.io/ingress.global-static-ip-name", "ecommerce-ip"),
        ("networking.gke.io/managed-certificates", "ecommerce-cert"),
    ] {
        assert_eq!(annotations[annotation], name);
    }
    assert!(terraform.contains("name = \"ecommerce-ip\""));
    let policy = &one(&production, "BackendConfig", "ecommerce-backend")["spec"]["securityPolicy"]["name"];
    assert!(terraform.contains(&format!("name = {policy}")), "{policy}");
    let workflows: String = folder(".github/workflows", "yml").into_values().collect();
    for name in ["my-ecommerce-cluster", "asia-southeast1", "github-actions-sa", "ecommerce-images"] {
        assert!(workflows.contains(name) && terraform.contains(name), "{name}");
    }
}

#[test]
fn every_image_is_pinned() {
    for build in BUILDS {
        for document in built(build) {
            let mut images = Vec::new();
            everywhere(&document, "image", &mut images);
            everywhere(&document, "spinImage", &mut images);
            for image in images.into_iter().filter_map(Value::as_str) {
                let tag = image.rsplit_once('/').map_or(image, |(_, last)| last).split_once(':');
                let is_version =
                    tag.is_some_and(|(_, tag)| tag.contains('.') || tag.starts_with("20260101-"));
                assert!(is_version || image.contains("@sha256:"), "{build}: {image}");
                assert!(!image.ends_with(":latest"), "{build}: {image}");
            }
        }
    }
    for line in read("tools/migrate/Dockerfile").lines().filter_map(|line| line.strip_prefix("FROM ")) {
        assert!(line.contains(':') && line.contains('.'), "{line}");
    }
}

#[test]
fn scaling_and_disruption_meet_the_specification() {
    for overlay in OVERLAYS {
        let documents = built(overlay);
        for service in SERVICES {
            let name = format!("{service}-service");
            let scaler = &one(&documents, "HorizontalPodAutoscaler", &name)["spec"];
            assert_eq!(
                (&scaler["minReplicas"], &scaler["maxReplicas"]),
                (&2.into(), &10.into()),
                "{overlay} {name}"
            );
            assert_eq!(
                (&scaler["scaleTargetRef"]["kind"], &scaler["scaleTargetRef"]["name"]),
                (&"Deployment".into(), &name.as_str().into())
            );
            let targets: Vec<(&str, i64)> = scaler["metrics"]
                .as_array()
                .unwrap()
                .iter()
                .map(|metric| {
                    let resource = &metric["resource"];
                    (
                        resource["name"].as_str().unwrap(),
                        resource["target"]["averageUtilization"].as_i64().unwrap(),
                    )
                })
                .collect();
            assert_eq!(targets, [("cpu", 70), ("memory", 80)]);
            one(&documents, "PodDisruptionBudget", &name);
            // The autoscaler computes utilization relative to the requests, so they must be set.
            let requests = &one(&documents, "SpinApp", &name)["spec"]["resources"]["requests"];
            assert!(requests["cpu"].is_string() && requests["memory"].is_string());
        }
    }
}

#[test]
fn the_connections_of_all_pods_fit_the_database() {
    let caps: toml::Table = read("k8s/base/runtime-config.toml").parse().unwrap();
    let of_a_pod = caps["outbound_pg"]["max_connections"].as_integer().unwrap();
    assert_eq!(caps["outbound_http"]["connection_pooling"].as_bool(), Some(true), "the default is false");
    assert!(
        caps["outbound_networking"].get("block_networks").is_none(),
        "it would block the pods and the metadata server"
    );
    let sql = read("infra/sql.tf");
    let flag = sql.split("name  = \"max_connections\"").nth(1).unwrap();
    let limit: i64 = flag.split('"').nth(1).unwrap().parse().unwrap();
    let services_with_a_database = 2;
    assert!(services_with_a_database * 10 * of_a_pod <= limit - 50, "{of_a_pod} per pod, {limit} in total");
    assert!(
        read("k8s/monitoring/rules/alerts.yml").contains(&format!("of the {limit} connections of Cloud SQL"))
    );
}

#[test]
fn a_region_keeps_catalog_responses_longer_by_its_config() {
    for (overlay, milliseconds) in
        [("production", "1000"), ("production-us", "10000"), ("production-eu", "10000")]
    {
        let documents = built(overlay);
        assert_eq!(config(&documents)["data"]["catalog_cache_ms"], milliseconds, "{overlay}");
        let reference = &variables(one(&documents, "SpinApp", "products-service"))["catalog_cache_ms"];
        assert_eq!(reference["valueFrom"]["configMapKeyRef"]["key"], "catalog_cache_ms", "{overlay}");
    }
}

#[test]
fn no_patch_selects_a_variable_by_its_index() {
    let folders =
        ["base", "components/nginx-ingress", "components/regional-backends", "components/spintainer"];
    let overlays = OVERLAYS.map(|overlay| format!("overlays/{overlay}"));
    for folder in folders.map(str::to_owned).iter().chain(&overlays) {
        let text = read(&format!("k8s/{folder}/kustomization.yaml"));
        assert!(!text.contains("/spec/variables/"), "{folder}");
    }
}
