//! What is named in two places is the same in both.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::files::{BUILDS, OVERLAYS, built, everywhere, folder, of_kind, one, read};

const SERVICES: [&str; 3] = ["users", "products", "orders"];

fn manifest() -> toml::Table {
    read("spin.toml").parse().unwrap()
}

/// The names in `{{ }}`.
fn templates(text: &str) -> BTreeSet<String> {
    text.split("{{").skip(1).map(|rest| rest.split("}}").next().unwrap().trim().to_owned()).collect()
}

/// The variables of the application that a component needs: in its own variables and in the hosts that it may call.
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

#[test]
fn every_app_sets_what_its_component_needs_and_nothing_else() {
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
fn every_component_reads_what_the_manifest_gives_it() {
    for (service, keys) in [
        ("users", users::Config::KEYS),
        ("products", products::Config::KEYS),
        ("orders", orders::Config::KEYS),
    ] {
        let manifest = manifest();
        let given = manifest["component"][service]["variables"].as_table().unwrap();
        let given: BTreeSet<&str> = given.keys().map(String::as_str).collect();
        assert_eq!(given, keys.iter().copied().collect(), "{service}");
    }
}

#[test]
fn every_variable_has_a_default_and_secrets_come_from_secrets() {
    let manifest = manifest();
    let all = manifest["variables"].as_table().unwrap();
    for (name, variable) in all {
        assert!(
            variable.get("default").is_some(),
            "Spin wants {name} resolved in every app, whether it is used or not"
        );
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
fn what_is_referred_to_is_there() {
    for overlay in OVERLAYS {
        let documents = built(overlay);
        let config = of_kind(&documents, "ConfigMap")[0];
        // The keys of each Secret: of those that are generated, and of those that come from Secret Manager.
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
            let (mut references, mut maps, mut loaded) = (Vec::new(), Vec::new(), Vec::new());
            everywhere(document, "secretKeyRef", &mut references);
            everywhere(document, "configMapKeyRef", &mut maps);
            everywhere(document, "loadFromSecret", &mut loaded);
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
        }
    }
}

#[test]
fn a_config_sets_what_is_used_and_nothing_else() {
    for overlay in OVERLAYS {
        let documents = built(overlay);
        let config = of_kind(&documents, "ConfigMap")[0]["data"].as_object().unwrap().clone();
        let mut maps = Vec::new();
        documents.iter().for_each(|document| everywhere(document, "configMapKeyRef", &mut maps));
        let used: BTreeSet<&str> = maps.iter().map(|reference| reference["key"].as_str().unwrap()).collect();
        let set: BTreeSet<&str> = config.keys().map(String::as_str).collect();
        // A region sets some of it by itself.
        assert!(set.is_superset(&used) && set.difference(&used).count() <= 1, "{overlay}: {set:?} {used:?}");
    }
}

#[test]
fn service_accounts_databases_registry_and_hosts_are_those_of_terraform() {
    let terraform: String = folder("infra", "tf").into_values().collect();
    for overlay in OVERLAYS {
        let documents = built(overlay);
        let project = of_kind(&documents, "ConfigMap")[0]["data"]["gcp_project"].as_str().unwrap().to_owned();
        for (account, google) in
            [("ecommerce-ksa", "ecommerce-services-sa"), ("cloud-sql-proxy", "cloud-sql-proxy-sa")]
        {
            let annotation = &one(&documents, "ServiceAccount", account)["metadata"]["annotations"];
            let annotation = annotation["iam.gke.io/gcp-service-account"].as_str().unwrap();
            assert_eq!(annotation, format!("{google}@{project}.iam.gserviceaccount.com"), "{overlay}");
            assert!(terraform.contains(&format!("account_id   = \"{google}\"")), "{google}");
            assert!(terraform.contains(&format!(".svc.id.goog[ecommerce/{account}]")), "{account}");
        }
        let instance = of_kind(&documents, "ConfigMap")[0]["data"]["cloud_sql_instance"].as_str().unwrap();
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
        // Each service is called by the name of its Service, which is that of its SpinApp.
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
fn scaling_and_disruption_are_as_promised() {
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
            // Utilisation is of the requests, so there have to be some.
            let requests = &one(&documents, "SpinApp", &name)["spec"]["resources"]["requests"];
            assert!(requests["cpu"].is_string() && requests["memory"].is_string());
        }
    }
}

#[test]
fn the_connections_of_all_pods_fit_the_database() {
    let caps: toml::Table = read("k8s/base/runtime-config.toml").parse().unwrap();
    let of_a_pod = caps["outbound_pg"]["max_connections"].as_integer().unwrap();
    assert_eq!(
        caps["outbound_http"]["connection_pooling"].as_bool(),
        Some(true),
        "it is off unless it is said"
    );
    assert!(
        caps["outbound_networking"].get("block_networks").is_none(),
        "it would block pods and the metadata server"
    );
    let sql = read("infra/sql.tf");
    let flag = sql.split("name  = \"max_connections\"").nth(1).unwrap();
    let limit: i64 = flag.split('"').nth(1).unwrap().parse().unwrap();
    let services_with_a_database = 2;
    assert!(services_with_a_database * 10 * of_a_pod <= limit - 50, "{of_a_pod} a pod, {limit} in all");
    assert!(read("k8s/monitoring/rules/alerts.yml").contains(&format!("of the {limit} that Cloud SQL has")));
}

#[test]
fn the_copies_of_the_kustomize_configuration_are_copies() {
    let base = read("k8s/base/kustomizeconfig.yaml");
    for overlay in ["dev", "staging", "production"] {
        assert_eq!(read(&format!("k8s/overlays/{overlay}/kustomizeconfig.yaml")), base, "{overlay}");
    }
}
