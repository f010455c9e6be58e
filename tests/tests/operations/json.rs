//! Runs `k8s/base/json.awk`, which reads JSON in scripts.

use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::files::path;

/// Returns the output of the script, or `None` if it fails.
fn value_at(at: &str, json: &str) -> Option<String> {
    let mut awk = Command::new("awk")
        .args(["-v", &format!("path={at}"), "-f"])
        .arg(path("k8s/base/json.awk"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    awk.stdin.take().unwrap().write_all(json.as_bytes()).unwrap();
    let output = awk.wait_with_output().unwrap();
    output
        .status
        .success()
        .then(|| String::from_utf8(output.stdout).unwrap().trim_end_matches('\n').to_owned())
}

#[test]
fn a_value_is_found_by_its_path_in_any_spelling() {
    for (at, json, expected) in [
        ("differences.length", r#"{"differences":[]}"#, "0"),
        ("differences.length", "{ \"differences\" : [\n ] }\n", "0"),
        ("differences.length", r#"{"checked":2,"differences":[{"sku":"a, b]"},{"sku":"\"}"}]}"#, "2"),
        ("products.0.id", r#"{"facets":{"id":7},"products":[{"name":"id","id":12}]}"#, "12"),
        ("token", r#"{"user":{"token":"no"},"token":"eyJ.a-b_c"}"#, "eyJ.a-b_c"),
        ("cart.totalAmount", r#"{"cart":{"items":[],"totalAmount":-1.50e3}}"#, "-1.50e3"),
        ("is", r#"{"is":true,"not":null}"#, "true"),
    ] {
        assert_eq!(value_at(at, json).as_deref(), Some(expected), "{at} of {json}");
    }
}

#[test]
fn a_missing_value_and_text_that_is_not_json_are_failures() {
    for (at, json) in [
        ("differences.length", r#"{"differences":null}"#),
        ("differences.length", r#"{"title":"unavailable"}"#),
        ("differences.length", ""),
        ("differences.length", r#"{"differences":[]"#),
        ("differences.length", r#"{"differences":[]} more"#),
        ("differences.length", "<html></html>"),
        ("a", r#"{"a":1,}"#),
        ("a", r#"{"a":"an \"escape\""}"#),
    ] {
        assert_eq!(value_at(at, json), None, "{at} of {json}");
    }
}

#[test]
fn only_the_parser_reads_json_in_scripts() {
    let jobs = crate::files::read("k8s/base/jobs.yaml");
    let scripts = ["k8s/deploy.sh", "k8s/e2e.sh"].map(crate::files::read);
    for text in scripts.iter().chain([&jobs]) {
        assert!(
            !text.contains(r#"= '{""#) && !text.contains("grep -o"),
            "a script compares the spelling of JSON"
        );
    }
}
