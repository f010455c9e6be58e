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
