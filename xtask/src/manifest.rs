//! Reads the grants of `spin.toml`.

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
    /// Returns whether a component's variable contains a secret one.
    pub(crate) fn is_secret(&self, template: &str) -> bool {
        self.variables
            .iter()
            .any(|(name, variable)| variable.secret && template.contains(&format!("{{{{ {name} }}}}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_variable_of_the_manifest_has_a_default() {
        // On Kubernetes each service runs the whole application: a variable without a default must be set for each of them.
        let text = fs::read_to_string(root().join("spin.toml")).unwrap();
        let manifest: toml::Table = text.parse().unwrap();
        for (name, variable) in manifest["variables"].as_table().unwrap() {
            assert!(variable.get("default").is_some(), "{name}");
        }
    }
}
