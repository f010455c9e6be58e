//! Checks that the documents agree with the tests that they name.

use std::fs;
use std::path::Path;

use crate::files::{path, read};

/// Returns the words in backquotes that have the form of a test's name.
fn named_tests(document: &str) -> Vec<&str> {
    let words = document.split('`').skip(1).step_by(2);
    let is_name = |word: &&str| {
        word.matches('_').count() >= 4
            && word.bytes().all(|byte| byte == b'_' || byte.is_ascii_alphanumeric())
    };
    words.filter(is_name).collect()
}

/// Returns the text of all Rust files below a folder.
fn sources(folder: &Path) -> String {
    let mut text = String::new();
    for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            text.push_str(&sources(&entry));
        } else if entry.extension().is_some_and(|extension| extension == "rs") {
            text.push_str(&fs::read_to_string(&entry).unwrap());
        }
    }
    text
}

#[test]
fn every_test_that_a_document_names_exists() {
    let tests = sources(&path("tests/tests"));
    // Names of configuration and of database objects, which have the same form.
    let others = [
        "idle_in_transaction_session_timeout",
        "product_variants_stock_not_negative",
        "stock_movements_once_per_reference",
    ];
    for (document, at_least) in [("docs/invariants.md", 30), ("docs/security-checklist.md", 50)] {
        let text = read(document);
        let named = named_tests(&text);
        assert!(named.len() >= at_least, "{document}: {}", named.len());
        let missing = |name: &&&str| !tests.contains(&format!("fn {name}(")) && !others.contains(*name);
        let missing: Vec<_> = named.iter().filter(missing).collect();
        assert!(missing.is_empty(), "{document} names tests that do not exist: {missing:#?}");
    }
}

#[test]
fn invariants_and_checklist_are_numbered_without_gaps() {
    let invariants = read("docs/invariants.md");
    let numbers = invariants.lines().filter_map(|line| line.strip_prefix("### I")?.split_once('.'));
    let numbers: Vec<&str> = numbers.map(|(number, _)| number).collect();
    assert_eq!(numbers, (1..=12).map(|number| number.to_string()).collect::<Vec<_>>());
    let checklist = read("docs/security-checklist.md");
    let lines = checklist.lines().filter_map(|line| line.strip_prefix("| ")?.split(' ').next()?.parse().ok());
    assert_eq!(lines.collect::<Vec<usize>>(), (1..=50).collect::<Vec<_>>());
}
