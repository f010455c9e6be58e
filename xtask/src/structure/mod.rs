//! Checks the structure of the services: the layers of ARCHITECTURE.md and the imports that each of them may have.
//!
//! `CARTWHEEL_STRUCTURE_ROOT` names another checkout to check.

mod language;
mod layers;
mod shape;
mod source;
mod source_tests;

use std::fs;
use std::path::{Path, PathBuf};

use crate::process::root;

/// Returns the checkout that is checked.
fn checkout() -> PathBuf {
    std::env::var_os("CARTWHEEL_STRUCTURE_ROOT").map_or_else(root, PathBuf::from)
}

/// Returns the files below a folder, sorted, without what is built or generated.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let (path, name) = (entry.path(), entry.file_name());
            let is_skipped =
                ["target", ".git", ".cartwheel", "node_modules"].iter().any(|skip| name == *skip);
            match path.is_dir() {
                true if !is_skipped && !path.is_symlink() => folders.push(path),
                true => {}
                false => found.push(path),
            }
        }
    }
    found.sort();
    found
}

/// Returns the Rust files below a folder of the checkout.
fn rust_files(folder: &str) -> Vec<PathBuf> {
    let mut files = files_below(&checkout().join(folder));
    files.retain(|file| file.extension().is_some_and(|extension| extension == "rs"));
    files
}

/// Returns the path of a file in the checkout, for a message.
fn relative(file: &Path) -> String {
    file.strip_prefix(checkout()).unwrap_or(file).display().to_string()
}

#[track_caller]
fn assert_none(faults: &[String]) {
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}
