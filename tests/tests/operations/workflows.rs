//! The workflows: pinned, with no more rights than they need, and doing what was promised. What their syntax is, actionlint says.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::files::{documents, everywhere, folder};

fn workflows() -> Vec<(String, Value)> {
    let files = folder(".github/workflows", "yml").into_iter();
    files.map(|(file, text)| (file, documents(&text).remove(0))).collect()
}

#[test]
fn every_action_is_pinned_by_its_commit() {
    let mut pinned = 0;
    for (file, workflow) in workflows() {
        let mut uses = Vec::new();
        everywhere(&workflow, "uses", &mut uses);
        for action in uses.into_iter().map(|action| action.as_str().unwrap()) {
            let (_, commit) = action.split_once('@').unwrap_or_else(|| panic!("{file}: {action}"));
            let is_commit = commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
            assert!(is_commit, "{file}: {action}");
            pinned += 1;
        }
    }
    assert!(pinned >= 10, "{pinned}");
}

#[test]
fn a_workflow_may_read_and_only_who_deploys_may_ask_for_an_identity() {
    for (file, workflow) in workflows() {
        assert_eq!(workflow["permissions"], serde_json::json!({ "contents": "read" }), "{file}");
        for (job, body) in workflow["jobs"].as_object().unwrap() {
            assert!(body["timeout-minutes"].is_number(), "{file}, {job}");
            let permissions = body["permissions"].as_object().cloned().unwrap_or_default();
            let wants_identity = body.to_string().contains("google-github-actions/auth@");
            assert_eq!(
                permissions.get("id-token").is_some_and(|right| right == "write"),
                wants_identity,
                "{file}, {job}"
            );
            let writes = permissions.iter().filter(|(name, right)| *right == "write" && *name != "id-token");
            assert_eq!(writes.count(), 0, "{file}, {job}");
        }
        let text = workflow.to_string();
        assert!(
            !text.contains("credentials_json") && !text.contains("service_account_key"),
            "{file}: a long-lived key"
        );
    }
}

#[test]
fn they_do_what_was_promised() {
    let texts = folder(".github/workflows", "yml");
    let in_order = |file: &str, parts: &[&str]| {
        let mut rest = texts[file].as_str();
        for part in parts {
            let found =
                rest.find(part).unwrap_or_else(|| panic!("{file}: {part} is not there, or too early"));
            rest = &rest[found..];
        }
    };
    in_order(
        "ci.yml",
        &["spin/setup", "./.ci/run", "--only migrations,store", "scan-type: fs", "scan-type: config"],
    );
    in_order("fresh-machine.yml", &["schedule:", "rustup.rs", "tests/fresh-machine --here"]);
    in_order(
        "cd.yml",
        &[
            "%Y%m%d-%H%M%S",
            "cargo xtask build",
            "auth@",
            "spin registry push",
            "migrator",
            "scan-type: image",
            "k8s/deploy.sh",
        ],
    );
}

#[test]
fn migrations_run_on_each_supported_postgresql_and_the_quick_start_on_each_system() {
    let workflows: BTreeMap<String, Value> = workflows().into_iter().collect();
    let matrix = |file: &str, job: &str| workflows[file]["jobs"][job]["strategy"]["matrix"].clone();
    assert_eq!(matrix("ci.yml", "migrations"), serde_json::json!({ "postgres": [15, 16, 17, 18] }));
    let systems = matrix("fresh-machine.yml", "quick-start")["image"].clone();
    let systems: Vec<String> = serde_json::from_value(systems).unwrap();
    for system in ["debian:12", "debian:13", "fedora:"] {
        assert!(systems.iter().any(|image| image.starts_with(system)), "{system}");
    }
}
