//! The words that the project does not use: sources and documents are in plain technical English.

use std::fs;

use super::{assert_none, checkout, files_below, relative};

/// Words and phrases that hide the actor or the action.
const BANNED: [&str; 12] = [
    "told",
    "whoever",
    "somebody",
    "nobody",
    "anybody",
    "everybody",
    "as good",
    "counts on",
    "comes to be",
    "gives back",
    "made anew",
    "put away",
];

const EXTENSIONS: [&str; 9] = ["rs", "sql", "md", "yaml", "yml", "toml", "sh", "tf", "wit"];

/// Files that may contain a word, with the reason.
const ALLOWED: [(&str, &str); 9] = [
    // The list itself.
    ("xtask/src/structure/language.rs", ""),
    // Texts of products.
    ("migrations/products/seed.sql", ""),
    // Dumps of databases that earlier versions made.
    ("tests/fixtures/", ""),
    // The name of a system user.
    ("xtask/src/postgres/user.rs", "nobody"),
    ("tests/tests/operations/", "nobody"),
    // A value of the interface.
    ("api/openapi.yaml", "nobody"),
    ("crates/webhook/src/lib.rs", "nobody"),
    ("tests/tests/e2e/log.rs", "nobody"),
    // The author of a review without a name, as stored.
    ("components/products/src/domain/review.rs", "somebody"),
];

/// Returns the banned words of a text, with the line on which each begins.
fn banned_in(text: &str) -> Vec<(usize, &'static str)> {
    let (words, lines): (Vec<String>, Vec<usize>) = words(text).unzip();
    let mut found = Vec::new();
    for banned in BANNED {
        let phrase: Vec<&str> = banned.split(' ').collect();
        for (window, line) in words.windows(phrase.len()).zip(&lines) {
            if window.iter().eq(phrase.iter()) {
                found.push((*line, banned));
            }
        }
    }
    found.sort_unstable();
    found
}

/// Returns the words of a text in lower case with their lines. A phrase may continue on the next line of a comment.
fn words(text: &str) -> impl Iterator<Item = (String, usize)> {
    text.lines().zip(1..).flat_map(|(line, number)| {
        line.split(|letter: char| !letter.is_alphabetic() && letter != '\'')
            .filter(|word| !word.is_empty())
            .map(move |word| (word.to_lowercase(), number))
    })
}

fn is_allowed(path: &str, word: &str) -> bool {
    is_applied_migration(path)
        || ALLOWED
            .iter()
            .any(|(file, allowed)| path.starts_with(file) && (allowed.is_empty() || *allowed == word))
}

/// Returns whether a file is a numbered migration: its text must not change after it was applied.
fn is_applied_migration(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    path.starts_with("migrations/") && name.starts_with(|letter: char| letter.is_ascii_digit())
}

#[test]
fn sources_and_documents_are_in_plain_english() {
    let mut faults = Vec::new();
    for file in files_below(&checkout()) {
        let extension = file.extension().unwrap_or_default().to_string_lossy();
        if !EXTENSIONS.contains(&extension.as_ref()) {
            continue;
        }
        let path = relative(&file);
        let text = fs::read_to_string(&file).unwrap();
        let banned = banned_in(&text).into_iter().filter(|(_, word)| !is_allowed(&path, word));
        faults.extend(banned.map(|(line, word)| format!("{path}:{line}: {word}")));
    }
    assert_none(&faults);
}

#[test]
fn a_banned_word_is_found_in_prose_and_in_names() {
    assert_eq!(banned_in("The client is Told.\nlet nobody_else = 1;"), [(1, "told"), (2, "nobody")]);
    assert_eq!(banned_in("/// It counts\n/// on it."), [(1, "counts on")]);
    assert_eq!(banned_in("untold; it counts one; as goods"), []);
}

#[test]
fn an_allowed_file_may_have_its_word_only() {
    assert!(is_allowed("xtask/src/postgres/user.rs", "nobody"));
    assert!(!is_allowed("xtask/src/postgres/user.rs", "told"));
    assert!(is_allowed("migrations/products/seed.sql", "told"));
    assert!(is_allowed("migrations/products/0001_catalogue.up.sql", "told"));
    assert!(!is_allowed("migrations/products/functions/reserve_stock.sql", "told"));
}
