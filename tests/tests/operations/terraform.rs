//! Terraform: every file is valid HCL, references resolve, and the resources meet the specification.

use std::collections::BTreeSet;

use hcl::{Block, Body, Expression};

use crate::files::folder;

fn bodies() -> Vec<(String, Body)> {
    let files = folder("infra", "tf").into_iter();
    files
        .map(|(file, text)| {
            (file.clone(), hcl::parse(&text).unwrap_or_else(|error| panic!("{file}: {error}")))
        })
        .collect()
}

fn blocks() -> Vec<Block> {
    bodies().into_iter().flat_map(|(_, body)| body.into_blocks().collect::<Vec<_>>()).collect()
}

/// Returns the block `resource "TYPE" "NAME"`; panics if there is none.
#[track_caller]
fn resource(kind: &str, name: &str) -> Block {
    let labels =
        |block: &Block| block.labels().iter().map(|label| label.as_str().to_owned()).collect::<Vec<_>>();
    let found =
        blocks().into_iter().find(|block| block.identifier() == "resource" && labels(block) == [kind, name]);
    found.unwrap_or_else(|| panic!("there is no {kind} {name}"))
}

/// Returns the attribute at `path` of a block, as written in Terraform. The path names nested blocks, then the attribute.
#[track_caller]
fn value(block: &Block, path: &str) -> String {
    let mut steps: Vec<&str> = path.split('.').collect();
    let attribute = steps.pop().unwrap();
    let mut body = block.body().clone();
    for step in steps {
        let next = body.blocks().find(|block| block.identifier() == step).map(|block| block.body().clone());
        body = next.unwrap_or_else(|| panic!("no block {step} of {path}"));
    }
    let found = body.attributes().find(|found| found.key() == attribute).map(|found| found.expr().clone());
    match found.unwrap_or_else(|| panic!("no {path}")) {
        Expression::String(text) => text,
        other => hcl::format::to_string(&other).unwrap(),
    }
}

#[test]
fn every_reference_resolves() {
    let mut defined = BTreeSet::new();
    for block in blocks() {
        let labels: Vec<&str> = block.labels().iter().map(hcl::BlockLabel::as_str).collect();
        match block.identifier() {
            "resource" => defined.insert(labels.join(".")),
            "data" => defined.insert(format!("data.{}", labels.join("."))),
            "variable" => defined.insert(format!("var.{}", labels[0])),
            "locals" => {
                defined.extend(block.body().attributes().map(|local| format!("local.{}", local.key())));
                continue;
            }
            _ => continue,
        };
    }
    let mut tried = 0;
    for (file, text) in folder("infra", "tf") {
        let words =
            text.split(|character: char| !(character.is_ascii_alphanumeric() || "._".contains(character)));
        for word in words {
            let parts: Vec<&str> = word.split('.').collect();
            let reference = match parts.as_slice() {
                ["var" | "local", name, ..] => format!("{}.{name}", parts[0]),
                ["data", kind, name, ..] if kind.starts_with("google_") => format!("data.{kind}.{name}"),
                [kind, name, ..] if kind.starts_with("google_") || *kind == "random_password" => {
                    format!("{kind}.{name}")
                }
                _ => continue,
            };
            assert!(defined.contains(&reference), "{file}: there is no {reference}");
            tried += 1;
        }
    }
    assert!(tried > 100, "{tried}");
}

#[test]
fn the_cluster_meets_the_specification() {
    let cluster = resource("google_container_cluster", "this");
    assert!(value(&cluster, "name").contains("\"my-ecommerce-cluster\""));
    assert_eq!(value(&cluster, "datapath_provider"), "ADVANCED_DATAPATH");
    assert_eq!(value(&cluster, "workload_identity_config.workload_pool"), "\"${var.project}.svc.id.goog\"");
    assert_eq!(value(&cluster, "private_cluster_config.enable_private_nodes"), "true");
    let pool = resource("google_container_node_pool", "spin");
    assert_eq!(value(&pool, "autoscaling.total_min_node_count"), "3");
    assert_eq!(value(&pool, "autoscaling.total_max_node_count"), "10");
    assert_eq!(value(&pool, "node_config.image_type"), "UBUNTU_CONTAINERD");
    assert_eq!(value(&pool, "node_config.workload_metadata_config.mode"), "GKE_METADATA");
    assert!(value(&pool, "node_config.labels").contains("spin"), "the Shim selects nodes by it");
    let region = blocks()
        .into_iter()
        .find(|block| block.labels().first().is_some_and(|label| label.as_str() == "region"));
    assert_eq!(value(&region.unwrap(), "default"), "asia-southeast1");
}

#[test]
fn the_database_is_private_encrypted_and_restorable() {
    let database = resource("google_sql_database_instance", "this");
    assert_eq!(value(&database, "name"), "ecommerce-postgres");
    assert_eq!(value(&database, "database_version"), "POSTGRES_15");
    assert_eq!(value(&database, "settings.ip_configuration.ipv4_enabled"), "false");
    assert_eq!(value(&database, "settings.ip_configuration.ssl_mode"), "ENCRYPTED_ONLY");
    assert_eq!(value(&database, "settings.backup_configuration.enabled"), "true");
    assert_eq!(value(&database, "settings.backup_configuration.point_in_time_recovery_enabled"), "true");
    let databases = value(&resource("google_sql_database", "this"), "for_each");
    assert!(databases.contains("users_db") && databases.contains("products_db"), "{databases}");
    assert_eq!(
        value(&resource("google_sql_database_instance", "replica"), "for_each"),
        "var.replica_regions"
    );
    assert_eq!(
        value(&resource("google_artifact_registry_repository", "this"), "repository_id"),
        "ecommerce-images"
    );
}

#[test]
fn no_account_has_a_key_or_a_broad_role() {
    let text: String = folder("infra", "tf").into_values().collect();
    assert!(!text.contains("google_service_account_key"));
    for role in ["roles/owner", "roles/editor", "roles/viewer", "admin\"", "roles/container.admin"] {
        let granted = text.lines().filter(|line| line.trim_start().starts_with("role"));
        assert_eq!(granted.filter(|line| line.contains(role)).count(), 0, "{role}");
    }
    let provider = resource("google_iam_workload_identity_pool_provider", "github");
    let condition = value(&provider, "attribute_condition");
    assert!(
        condition.contains("assertion.repository ==") && condition.contains("refs/heads/main"),
        "{condition}"
    );
}

#[test]
fn every_file_has_the_format_of_terraform_fmt() {
    for (file, text) in folder("infra", "tf") {
        let mut depth = 0_usize;
        for (number, line) in text.lines().enumerate() {
            let place = format!("infra/{file}:{}", number + 1);
            assert!(!line.contains('\t') && line.trim_end() == line, "{place}: tabs or spaces at the end");
            let code = line.trim_start();
            let closes = code.chars().take_while(|character| "})]".contains(*character)).count().min(1);
            if !code.is_empty() {
                assert_eq!(line.len() - code.len(), (depth - closes) * 2, "{place}: indentation");
            }
            // Brackets that open and close on one line do not change the depth.
            let code: String = code.split('#').next().unwrap().split('"').step_by(2).collect();
            let opens = code.matches(['{', '(', '[']).count();
            let ends = code.matches(['}', ')', ']']).count();
            depth = if opens > ends { depth + 1 } else { depth - usize::from(ends > opens) };
        }
        assert!(text.ends_with("}\n") && !text.contains("\n\n\n"), "infra/{file}");
    }
}
