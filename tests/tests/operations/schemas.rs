//! Checks custom resources against the schemas in `k8s/schemas`, and that these schemas reject errors.

use jsonschema::Validator;
use serde_json::{Value, json};

use crate::files::{BUILDS, built, folder, of_kind, one, path};

fn validator(kind: &str) -> Validator {
    let text = std::fs::read_to_string(path(&format!("k8s/schemas/{kind}.json"))).unwrap();
    jsonschema::draft202012::options().build(&serde_json::from_str(&text).unwrap()).unwrap()
}

/// Whether kubernetes-validate checks the document's kind, because its group is built into Kubernetes.
fn is_built_in(document: &Value) -> bool {
    let version = document["apiVersion"].as_str().unwrap();
    let group = version.split_once('/').map_or("", |(group, _)| group);
    !group.contains('.') || group.ends_with(".k8s.io")
}

#[test]
fn every_custom_resource_fits_its_schema() {
    let mut kinds = std::collections::BTreeSet::new();
    for build in BUILDS {
        for document in built(build).iter().filter(|document| !is_built_in(document)) {
            let kind = document["kind"].as_str().unwrap();
            let faults: Vec<String> = validator(kind)
                .iter_errors(document)
                .map(|fault| format!("{}: {fault}", fault.instance_path()))
                .collect();
            assert!(faults.is_empty(), "{build}, {kind} {}: {faults:#?}", document["metadata"]["name"]);
            kinds.insert(kind.to_owned());
        }
    }
    let schemas: std::collections::BTreeSet<String> = folder("k8s/schemas", "json")
        .into_keys()
        .map(|name| name.trim_end_matches(".json").to_owned())
        .collect();
    assert_eq!(kinds, schemas, "every schema is used, and every kind has a schema");
}

/// Checks that the schema rejects the built document with one changed member.
#[track_caller]
fn check_rejected(build: &str, kind: &str, pointer: &str, value: Value) {
    let documents = built(build);
    let mut document = of_kind(&documents, kind)[0].clone();
    let validator = validator(kind);
    assert!(validator.is_valid(&document));
    let (parent, member) = pointer.rsplit_once('/').unwrap();
    let parent = document.pointer_mut(parent).unwrap_or_else(|| panic!("{kind} has no {pointer}"));
    if value.is_null() {
        parent.as_object_mut().unwrap().remove(member).unwrap();
    } else {
        parent[member] = value.clone();
    }
    assert!(!validator.is_valid(&document), "{kind} with {pointer} = {value} is not rejected");
}

#[test]
fn wrong_fields_of_a_spin_app_are_rejected() {
    for (pointer, value) in [
        // Fields that a Deployment has and a SpinApp does not.
        ("/spec/env", json!([])),
        ("/spec/nodeSelector", json!({})),
        ("/spec/securityContext", json!({})),
        ("/spec/terminationGracePeriodSeconds", json!(30)),
        // Misspelt names, wrong types and wrong places.
        ("/spec/serviceAccount", json!("ecommerce-ksa")),
        ("/spec/enableAutoscaling", json!("true")),
        ("/spec/checks/startup", json!({})),
        ("/spec/checks/readiness/httpGet/port", json!(80)),
        ("/spec/checks/readiness/httpGet/path", json!("health")),
        ("/spec/components", json!([])),
        ("/spec/invocationLimits/cpu", json!("1")),
        ("/spec/variables", json!([{ "name": "UPPER", "value": "x" }])),
        ("/spec/variables", json!([{ "name": "both", "value": "x", "valueFrom": {} }])),
        ("/spec/runtimeConfig/keyValueStores", json!([])),
        // The admission webhook rejects both.
        ("/spec/replicas", json!(2)),
        ("/spec/image", Value::Null),
        // Without a value, the operator uses the first executor of any namespace.
        ("/spec/executor", Value::Null),
    ] {
        check_rejected("production", "SpinApp", pointer, value);
    }
}

#[test]
fn wrong_fields_of_other_custom_resources_are_rejected() {
    for (pointer, value) in [
        ("/spec/deploymentConfig/spinImage", json!("ghcr.io/spinframework/spin:v4.1.0")),
        ("/spec/deploymentConfig/runtimeClassName", Value::Null),
        ("/spec/deploymentConfig/otel/exporterOtlpEndpoint", json!("http://x")),
        ("/spec/deploymentConfig/env", json!([])),
        ("/spec/createDeployment", json!("yes")),
    ] {
        check_rejected("production", "SpinAppExecutor", pointer, value);
    }
    for (pointer, value) in [
        // The operator does not implement it.
        ("/spec/rolloutStrategy/type", json!("rolling")),
        (
            "/spec/fetchStrategy/platforms/0/location",
            json!(
                "https://github.com/spinframework/containerd-shim-spin/releases/download/v0.25.1/containerd-shim-spin-v2-linux-x86_64.tar.gz"
            ),
        ),
        ("/spec/fetchStrategy/platforms/0/sha256", json!("abc")),
        ("/spec/runtimeClass/handler", json!("spin")),
        ("/metadata/namespace", json!("ecommerce")),
    ] {
        check_rejected("cluster", "Shim", pointer, value);
    }
    for (kind, pointer, value) in [
        ("BackendConfig", "/spec/timeoutSeconds", json!(30)),
        ("BackendConfig", "/spec/healthCheck/path", json!("/")),
        ("BackendConfig", "/spec/logging/sampleRate", json!(100)),
        ("FrontendConfig", "/spec/redirectToHttps/responseCodeName", json!("301")),
        ("ManagedCertificate", "/spec/domains", json!(["*.example.com"])),
        ("ExternalSecret", "/spec/data/0/value", json!("in plain text")),
        ("ExternalSecret", "/spec/refreshInterval", json!(60)),
        ("SecretStore", "/spec/provider/aws", json!({})),
    ] {
        check_rejected("production", kind, pointer, value);
    }
}

#[test]
fn the_hardening_only_adds_fields_that_the_operator_does_not_own() {
    for document in built("hardening") {
        let name = document["metadata"]["name"].as_str().unwrap();
        let apps = built("production");
        one(&apps, "SpinApp", name);
        // Containers are merged by name; the operator names the container after the SpinApp.
        let containers = document["spec"]["template"]["spec"]["containers"].as_array().unwrap();
        assert_eq!((containers.len(), containers[0]["name"].as_str()), (1, Some(name)));
        // Two field managers would overwrite each other's values of the same field.
        for owned in ["image", "ports", "command", "resources", "livenessProbe", "readinessProbe"] {
            assert!(containers[0][owned].is_null(), "{name}: {owned}");
        }
        assert!(document["spec"]["replicas"].is_null() && document["spec"]["selector"].is_null());
        let spec = &document["spec"]["template"]["spec"];
        let pre_stop = containers[0]["lifecycle"]["preStop"]["sleep"]["seconds"].as_i64().unwrap();
        assert!(spec["terminationGracePeriodSeconds"].as_i64().unwrap() > pre_stop);
        let drain = one(&apps, "BackendConfig", "ecommerce-backend")["spec"]["connectionDraining"]["drainingTimeoutSec"].as_i64();
        assert!(pre_stop >= drain.unwrap(), "{name}: the load balancer drains for longer than the pod waits");
    }
}
