//! What `spin.toml` grants.

use std::collections::BTreeMap;
use std::fs;

use anyhow::Context as _;
use serde::Deserialize;

use crate::process::root;

#[derive(Debug, Deserialize)]
pub(crate) struct Manifest {
    pub(crate) variables: BTreeMap<String, Variable>,
    pub(crate) component: BTreeMap<String, Component>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Variable {
    #[serde(default)]
    pub(crate) secret: bool,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Component {
    #[serde(default)]
    pub(crate) allowed_outbound_hosts: Vec<String>,
    #[serde(default)]
    pub(crate) variables: BTreeMap<String, String>,
}

pub(crate) fn load() -> anyhow::Result<Manifest> {
    let text = fs::read_to_string(root().join("spin.toml")).context("cannot read spin.toml")?;
    toml::from_str(&text).context("spin.toml")
}

impl Manifest {
    /// Whether a component's variable is made of a secret one.
    pub(crate) fn is_secret(&self, template: &str) -> bool {
        self.variables
            .iter()
            .any(|(name, variable)| variable.secret && template.contains(&format!("{{{{ {name} }}}}")))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// All Rust files below a folder, but for what was built.
    fn sources(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() && !path.ends_with("target") {
                sources(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }

    #[test]
    fn only_the_host_crate_and_the_entries_name_spin_sdk() {
        let mut found = Vec::new();
        sources(&root().join("crates"), &mut found);
        sources(&root().join("components"), &mut found);
        sources(&root().join("tools"), &mut found);
        let names_it = |path: &std::path::PathBuf| {
            let code = fs::read_to_string(path).unwrap();
            code.lines().any(|line| line.contains("spin_sdk::") && !line.trim_start().starts_with("//"))
        };
        for path in found.into_iter().filter(names_it) {
            let path = path.strip_prefix(root()).unwrap().to_owned();
            let is_host = path.starts_with("crates/host-spin") || path.starts_with("tools/devhost/probe");
            assert!(is_host || path.ends_with("src/entry.rs"), "{} names spin_sdk", path.display());
        }
    }

    #[test]
    fn every_variable_of_the_manifest_has_a_default() {
        // On Kubernetes each service runs the whole application: what has no default must be set for all of them.
        let text = fs::read_to_string(root().join("spin.toml")).unwrap();
        let manifest: toml::Table = text.parse().unwrap();
        for (name, variable) in manifest["variables"].as_table().unwrap() {
            assert!(variable.get("default").is_some(), "{name}");
        }
    }
}
