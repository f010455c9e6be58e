//! Reads `spin.toml`, manifest version 2, as far as the shop uses it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use serde::Deserialize;

use crate::allow::AllowedHosts;
use crate::route::Pattern;

/// An application whose variables are resolved.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) components: Vec<Component>,
    /// The patterns with the indices of their components.
    pub(crate) routes: Vec<(Pattern, usize)>,
}

#[derive(Debug)]
pub(crate) struct Component {
    pub(crate) name: String,
    pub(crate) source: PathBuf,
    pub(crate) allowed_hosts: AllowedHosts,
    pub(crate) variables: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Manifest {
    spin_manifest_version: u32,
    #[serde(default)]
    variables: BTreeMap<String, Variable>,
    trigger: Triggers,
    component: BTreeMap<String, RawComponent>,
}

#[derive(Deserialize)]
struct Variable {
    default: Option<String>,
    #[serde(default)]
    required: bool,
    #[serde(default, rename = "secret")]
    _secret: bool,
}

#[derive(Deserialize)]
struct Triggers {
    #[serde(default)]
    http: Vec<HttpTrigger>,
}

#[derive(Deserialize)]
struct HttpTrigger {
    route: String,
    component: String,
}

#[derive(Deserialize)]
struct RawComponent {
    source: String,
    #[serde(default)]
    allowed_outbound_hosts: Vec<String>,
    #[serde(default)]
    variables: BTreeMap<String, String>,
}

impl App {
    /// Reads the manifest. `environment` returns the values of `SPIN_VARIABLE_*`.
    pub(crate) fn load(path: &Path, environment: impl Fn(&str) -> Option<String>) -> anyhow::Result<Self> {
        let text =
            std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let directory = path.parent().unwrap_or(Path::new(""));
        Self::parse(&text, directory, environment).with_context(|| format!("in {}", path.display()))
    }

    fn parse(
        text: &str,
        directory: &Path,
        environment: impl Fn(&str) -> Option<String>,
    ) -> anyhow::Result<Self> {
        let manifest: Manifest = toml::from_str(text).context("it is not a Spin manifest")?;
        ensure!(manifest.spin_manifest_version == 2, "only spin_manifest_version = 2 is understood");
        let variables = resolve(&manifest.variables, environment)?;

        let build = |(name, raw): (String, RawComponent)| {
            let context = format!("component {name}");
            Component::build(name, raw, directory, &variables).context(context)
        };
        let components: Vec<_> = manifest.component.into_iter().map(build).collect::<anyhow::Result<_>>()?;
        let find = |trigger: HttpTrigger| {
            let index = components.iter().position(|component| component.name == trigger.component);
            let index = index
                .with_context(|| format!("route {}: no component {}", trigger.route, trigger.component))?;
            Ok((Pattern::parse(&trigger.route)?, index))
        };
        let routes = manifest.trigger.http.into_iter().map(find).collect::<anyhow::Result<_>>()?;
        Ok(Self { components, routes })
    }
}

impl Component {
    fn build(
        name: String,
        raw: RawComponent,
        directory: &Path,
        variables: &BTreeMap<String, String>,
    ) -> anyhow::Result<Self> {
        let hosts = raw.allowed_outbound_hosts.iter().map(|entry| expand(entry, variables));
        let hosts: Vec<String> = hosts.collect::<anyhow::Result<_>>()?;
        let variables = raw.variables.into_iter().map(|(key, value)| Ok((key, expand(&value, variables)?)));
        Ok(Self {
            name,
            source: directory.join(raw.source),
            allowed_hosts: AllowedHosts::parse(&hosts)?,
            variables: variables.collect::<anyhow::Result<_>>()?,
        })
    }
}

/// Returns the value of each variable, or fails with the names of all that have none.
fn resolve(
    declared: &BTreeMap<String, Variable>,
    environment: impl Fn(&str) -> Option<String>,
) -> anyhow::Result<BTreeMap<String, String>> {
    let mut values = BTreeMap::new();
    let mut missing = Vec::new();
    for (name, variable) in declared {
        let key = format!("SPIN_VARIABLE_{}", name.to_ascii_uppercase());
        match environment(&key).or_else(|| variable.default.clone().filter(|_| !variable.required)) {
            Some(value) => {
                values.insert(name.clone(), value);
            }
            None => missing.push(key),
        }
    }
    ensure!(missing.is_empty(), "these variables have no default and must be set: {}", missing.join(", "));
    Ok(values)
}

/// Replaces each `{{ name }}`.
fn expand(text: &str, variables: &BTreeMap<String, String>) -> anyhow::Result<String> {
    let mut expanded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((name, after)) = after.split_once("}}") else { bail!("{text:?} has a {{{{ without a }}}}") };
        let name = name.trim();
        let value = variables.get(name).with_context(|| format!("{text:?}: no variable {name:?}"))?;
        expanded.push_str(before);
        expanded.push_str(value);
        rest = after;
    }
    expanded.push_str(rest);
    Ok(expanded)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = r#"
        spin_manifest_version = 2
        [application]
        name = "test"
        [variables]
        host = { default = "db.test" }
        password = { required = true, secret = true }
        [[trigger.http]]
        route = "/a/..."
        component = "a"
        [component.a]
        source = "a.wasm"
        allowed_outbound_hosts = ["postgres://{{ host }}:5432"]
        [component.a.variables]
        address = "host={{host}} password={{ password }}"
    "#;

    fn load(manifest: &str, environment: &[(&str, &str)]) -> anyhow::Result<App> {
        let environment: BTreeMap<_, _> = environment.iter().copied().collect();
        App::parse(manifest, Path::new("/app"), |key| environment.get(key).map(|value| (*value).to_owned()))
    }

    #[test]
    fn variables_come_from_the_environment_then_from_the_default() {
        let app =
            load(MANIFEST, &[("SPIN_VARIABLE_PASSWORD", "s"), ("SPIN_VARIABLE_HOST", "other.test")]).unwrap();
        let component = &app.components[0];
        assert_eq!(component.variables["address"], "host=other.test password=s");
        assert!(component.allowed_hosts.allows("postgres", "other.test", 5432));
        assert_eq!(component.source, Path::new("/app/a.wasm"));
    }

    #[test]
    fn a_missing_variable_or_component_is_named() {
        let message = |manifest: &str| format!("{:#}", load(manifest, &[]).unwrap_err());
        assert!(message(MANIFEST).contains("SPIN_VARIABLE_PASSWORD"), "{}", message(MANIFEST));
        let unknown = MANIFEST.replace("{{host}}", "{{ hots }}").replace("required = true", "default = \"\"");
        assert!(message(&unknown).contains("component a: \"host={{ hots }} "), "{}", message(&unknown));
        let orphan = MANIFEST
            .replace("component = \"a\"", "component = \"b\"")
            .replace("required = true", "default = \"\"");
        assert!(message(&orphan).contains("no component b"), "{}", message(&orphan));
    }
}
