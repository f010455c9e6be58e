//! Network reachability, and the rights of pods.

use serde_json::{Value, json};

use crate::files::{OVERLAYS, built, folder, of_kind, one};

#[test]
fn only_three_prefixes_are_reachable_from_outside() {
    for build in ["dev", "staging", "production", "production-with-nginx-ingress"] {
        let documents = built(build);
        let mut paths = Vec::new();
        for ingress in of_kind(&documents, "Ingress") {
            assert!(ingress["spec"]["defaultBackend"].is_null(), "{build}");
            for rule in ingress["spec"]["rules"].as_array().unwrap() {
                assert!(rule["host"].is_string(), "{build}: any host");
                for path in rule["http"]["paths"].as_array().unwrap() {
                    let service = path["backend"]["service"]["name"].as_str().unwrap();
                    assert_eq!(path["pathType"], "Prefix");
                    paths.push((path["path"].as_str().unwrap().to_owned(), service.to_owned()));
                }
            }
        }
        let expected =
            ["users", "products", "orders"].map(|name| (format!("/{name}"), format!("{name}-service")));
        assert_eq!(paths, expected, "{build}");
        for service in of_kind(&documents, "Service") {
            assert!(service["spec"]["type"].is_null() || service["spec"]["type"] == "ClusterIP", "{service}");
        }
    }
    // Regions behind the global load balancer have no Ingress of their own.
    for build in ["production-us", "production-eu"] {
        let documents = built(build);
        assert!(of_kind(&documents, "Ingress").is_empty());
        for app in of_kind(&documents, "SpinApp") {
            let name = app["metadata"]["name"].as_str().unwrap();
            let group = app["spec"]["serviceAnnotations"]["cloud.google.com/neg"].as_str().unwrap();
            let group: Value = serde_json::from_str(group).unwrap();
            assert_eq!(group["exposed_ports"]["80"]["name"], name);
        }
    }
    let global = folder("infra", "tf")["global.tf"].clone();
    assert!(global.contains(r#"paths   = ["/${trimsuffix(path_rule.key, "-service")}", "/${trimsuffix(path_rule.key, "-service")}/*"]"#));
    assert!(!global.contains("/internal"));
    let armor = folder("infra", "tf")["armor.tf"].clone();
    assert!(armor.contains("startsWith('/internal')") && armor.contains("startsWith('/.well-known/spin')"));
}

/// Returns the values of the pod labels to or from which a policy allows connections.
fn peers(policy: &Value, direction: &str, member: &str) -> Vec<String> {
    let rules = policy["spec"][direction].as_array().cloned().unwrap_or_default();
    let mut peers = Vec::new();
    for peer in rules.iter().flat_map(|rule| rule[member].as_array().cloned().unwrap_or_default()) {
        let labels = peer["podSelector"]["matchLabels"].as_object().cloned().unwrap_or_default();
        peers.extend(labels.values().filter_map(Value::as_str).map(str::to_owned));
    }
    peers.sort();
    peers.dedup();
    peers
}

#[test]
fn connections_are_denied_unless_a_policy_allows_them() {
    for overlay in OVERLAYS {
        let documents = built(overlay);
        let deny = one(&documents, "NetworkPolicy", "default-deny");
        assert_eq!(deny["spec"]["podSelector"], json!({}));
        assert_eq!(deny["spec"]["policyTypes"], json!(["Ingress", "Egress"]));
        let allowed =
            |name: &str, direction, member| peers(one(&documents, "NetworkPolicy", name), direction, member);
        assert_eq!(allowed("users-service", "egress", "to"), ["otel-collector", "users-db-proxy"]);
        assert_eq!(
            allowed("products-service", "egress", "to"),
            ["orders-service", "otel-collector", "products-db-proxy", "users-service"]
        );
        assert_eq!(
            allowed("orders-service", "egress", "to"),
            ["otel-collector", "products-service", "users-service"],
            "orders-service has no PostgreSQL"
        );
        assert_eq!(allowed("migrate", "egress", "to"), ["products-db-proxy", "users-db-proxy"]);
        assert_eq!(allowed("jobs", "egress", "to"), ["orders-service", "products-service", "users-service"]);
        for database in ["users", "products"] {
            let mut expected = ["migrate".to_owned(), "prometheus".to_owned(), format!("{database}-service")];
            expected.sort();
            assert_eq!(allowed(&format!("{database}-db-proxy"), "ingress", "from"), expected, "{overlay}");
        }
        // Only pods that call Google's APIs may fetch an access token from the metadata server.
        let text = |name: &str| one(&documents, "NetworkPolicy", name).to_string();
        for (name, may_have_token) in [
            ("orders-service", true),
            ("users-db-proxy", true),
            ("users-service", false),
            ("products-service", false),
            ("jobs", false),
            ("migrate", false),
        ] {
            assert_eq!(text(name).contains("169.254.169.252/32"), may_have_token, "{overlay} {name}");
        }
    }
}

#[test]
fn one_policy_lets_every_pod_resolve_names() {
    for overlay in OVERLAYS {
        let documents = built(overlay);
        let dns = one(&documents, "NetworkPolicy", "allow-dns");
        assert_eq!(dns["spec"]["podSelector"], json!({}), "{overlay}");
        assert_eq!(dns["spec"]["policyTypes"], json!(["Egress"]), "{overlay}");
        assert_eq!(peers(dns, "egress", "to"), ["kube-dns"], "{overlay}");
        let ports = json!([{ "protocol": "UDP", "port": 53 }, { "protocol": "TCP", "port": 53 }]);
        let rules = dns["spec"]["egress"].as_array().unwrap();
        assert!(rules.len() == 1 && rules[0]["ports"] == ports, "{overlay}: {rules:?}");
        let policies = of_kind(&documents, "NetworkPolicy").into_iter();
        let with_dns = policies.filter(|policy| policy.to_string().contains(r#""port":53"#));
        assert_eq!(with_dns.count(), 1, "{overlay}: another policy repeats the rule");
    }
}

#[test]
fn every_pod_has_no_more_rights_than_it_needs() {
    for build in ["production", "monitoring"] {
        for document in built(build) {
            let template = match document["kind"].as_str().unwrap() {
                "Deployment" | "StatefulSet" | "Job" => &document["spec"]["template"]["spec"],
                "CronJob" => &document["spec"]["jobTemplate"]["spec"]["template"]["spec"],
                _ => continue,
            };
            let name = &document["metadata"]["name"];
            assert_eq!(template["securityContext"]["runAsNonRoot"], true, "{build} {name}");
            assert_eq!(
                template["securityContext"]["seccompProfile"]["type"], "RuntimeDefault",
                "{build} {name}"
            );
            let containers = ["containers", "initContainers"]
                .into_iter()
                .flat_map(|kind| template[kind].as_array().cloned().unwrap_or_default());
            for container in containers {
                let context = &container["securityContext"];
                assert_eq!(context["allowPrivilegeEscalation"], false, "{build} {name}");
                assert_eq!(context["readOnlyRootFilesystem"], true, "{build} {name}");
                assert_eq!(context["capabilities"]["drop"], json!(["ALL"]), "{build} {name}");
                assert!(container["resources"]["limits"]["memory"].is_string(), "{build} {name}");
            }
        }
    }
}

#[test]
fn no_volume_is_mounted_within_a_read_only_volume() {
    for document in built("monitoring") {
        let template = &document["spec"]["template"]["spec"];
        let volumes = template["volumes"].as_array().cloned().unwrap_or_default();
        let is_read_only = |name: &Value| {
            volumes.iter().any(|volume| {
                volume["name"] == *name && (!volume["configMap"].is_null() || !volume["secret"].is_null())
            })
        };
        for container in template["containers"].as_array().cloned().unwrap_or_default() {
            let mounts = container["volumeMounts"].as_array().cloned().unwrap_or_default();
            for outer in mounts.iter().filter(|mount| is_read_only(&mount["name"])) {
                let below = format!("{}/", outer["mountPath"].as_str().unwrap());
                let inner =
                    mounts.iter().find(|mount| mount["mountPath"].as_str().unwrap().starts_with(&below));
                assert!(inner.is_none(), "{}: {inner:?} is in {outer}", document["metadata"]["name"]);
            }
        }
    }
}

#[test]
fn every_file_in_the_monitoring_configuration_is_mounted() {
    let documents = built("monitoring");
    let mounted: Vec<String> = documents
        .iter()
        .flat_map(|document| {
            document["spec"]["template"]["spec"]["containers"].as_array().cloned().unwrap_or_default()
        })
        .flat_map(|container| container["volumeMounts"].as_array().cloned().unwrap_or_default())
        .map(|mount| format!("{}/", mount["mountPath"].as_str().unwrap()))
        .collect();
    for config in ["k8s/monitoring/prometheus.yml", "k8s/monitoring/alertmanager.yml"] {
        let mut tried = 0;
        for path in crate::files::read(config).split_whitespace().filter(|word| word.starts_with("/etc/")) {
            assert!(
                mounted.iter().any(|mount| path.starts_with(mount.as_str())),
                "{config}: {path} is not mounted"
            );
            tried += 1;
        }
        assert!(tried >= 1, "{config}");
    }
}
