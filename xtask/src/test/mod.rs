//! `test`: every check there is, in the order in which a mistake is cheapest to find.

mod database;
mod summary;
mod up;

use anyhow::Context as _;

use self::database::{migrations, tests};
use self::summary::Steps;
use crate::options::Options;
use crate::postgres::{Cluster, Programs};
use crate::prerequisites::{Need, ensure};
use crate::process::{self, cargo, target_dir, which};
use crate::toolchain::{TARGET, Toolchain};
use crate::up::host_name;
use crate::{components, k8s, report, worlds};

/// The steps that start a PostgreSQL.
const ON_DATABASE: [&str; 6] = ["migrations", "store", "devhost", "e2e", "e2e-spin", "up"];

/// Runs the steps, and prints a summary.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let mut steps = Steps::new(&options.only);
    ensure(&needs(options, &steps))?;
    let is_on_database = ON_DATABASE.into_iter().any(|name| steps.is_wanted(name));
    let postgres = options.postgres.as_deref();
    let programs = is_on_database.then(|| database::programs(postgres)).transpose()?;
    steps.postgres = programs.as_ref().map(Programs::describe);

    check_sources(&mut steps);
    let mut toolchain = None;
    steps.run("build", || {
        toolchain = Some(components::build()?);
        components::build_tools()
    });
    let toolchain = toolchain.filter(|_| steps.passed("build"));
    clippy_for_wasm(&mut steps, toolchain.as_ref());
    run_units(&mut steps);
    deny(&mut steps);
    steps.run("k8s", k8s::run_all);
    if let Some(toolchain) = toolchain {
        steps.run("worlds", worlds::run);
        steps.run("report", report::run);
        if let Some(programs) = programs {
            on_database(&mut steps, options, &toolchain, &programs)?;
        }
    } else {
        for name in ["worlds", "report"].into_iter().chain(ON_DATABASE) {
            steps.not_run(name, "the build failed");
        }
    }
    steps.close()
}

/// Lists what the wanted steps need from the system.
fn needs(options: &Options, steps: &Steps) -> Vec<Need> {
    let mut needs = vec![Need::Wasm];
    if options.postgres.is_none() && ON_DATABASE.into_iter().any(|name| steps.is_wanted(name)) {
        needs.push(Need::Postgres);
    }
    if steps.is_wanted("k8s") {
        needs.extend(k8s::NEEDS);
    }
    needs
}

fn check_sources(steps: &mut Steps) {
    steps.run("fmt", || process::run(&mut cargo(&["fmt", "--all", "--check"])));
    let clippy = ["clippy", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"];
    steps.run("clippy", || process::run(&mut cargo(&clippy)));
}

fn run_units(steps: &mut Steps) {
    steps.run("unit", || {
        let mut command = cargo(&["test", "--workspace", "--quiet"]);
        for needs_more in ["cartwheel-tests", "firestore", "devhost"] {
            command.args(["--exclude", needs_more]);
        }
        process::run(&mut command)
    });
    steps.run("firestore", || process::run(&mut cargo(&["test", "--package", "firestore", "--quiet"])));
}

/// Checks the code that only exists in the sandbox. Debian's compiler has no clippy of its version, and clippy of another version
/// cannot read its standard library; there, the compiler's own warnings are errors.
fn clippy_for_wasm(steps: &mut Steps, toolchain: Option<&Toolchain>) {
    let Some(toolchain) = toolchain else {
        return steps.not_run("clippy-wasm", "there is no toolchain for it");
    };
    let packages = ["-p", "users", "-p", "products", "-p", "orders", "-p", "host-spin"];
    match toolchain {
        Toolchain::Rustup => steps.run("clippy-wasm", || {
            process::run(toolchain.cargo("clippy").args(packages).args(["--quiet", "--", "-D", "warnings"]))
        }),
        Toolchain::Debian { .. } => {
            steps.run("check-wasm", || {
                let mut check = toolchain.cargo("check");
                let flags =
                    check.get_envs().find(|(key, _)| *key == "RUSTFLAGS").and_then(|(_, value)| value);
                let flags = format!("{} -D warnings", flags.unwrap_or_default().to_string_lossy());
                // A directory of its own: other flags would rebuild everything twice.
                let folder = target_dir().join("wasm-debian-check");
                check.env("RUSTFLAGS", flags).env("CARGO_TARGET_DIR", folder);
                process::run(check.args(packages).args(["--lib", "--quiet"]))
            });
            steps.not_run(
                "clippy-wasm",
                format!(
                    "Debian's compiler for {TARGET} has no clippy; `rustup target add {TARGET}` makes it possible"
                ),
            );
        }
    }
}

fn deny(steps: &mut Steps) {
    if which("cargo-deny").is_some() {
        steps.run("deny", || process::run(&mut cargo(&["deny", "check"])));
    } else {
        steps.not_run(
            "deny",
            "`cargo install cargo-deny` makes it possible; it also needs the advisory database",
        );
    }
}

fn on_database(
    steps: &mut Steps,
    options: &Options,
    toolchain: &Toolchain,
    programs: &Programs,
) -> anyhow::Result<()> {
    let cluster = Cluster::throwaway(programs).context("the tests need a PostgreSQL of their own")?;
    steps.run("migrations", || migrations(&cluster));
    steps
        .run("store", || process::run(tests(&cluster, "store").env("CARTWHEEL_PG_DUMP", programs.pg_dump())));
    steps.run("devhost", || {
        let probe = components::build_probe(toolchain)?;
        let mut command = cargo(&["test", "--package", "devhost", "--quiet"]);
        command.env("CARTWHEEL_TEST_PG", cluster.address("postgres")).env("DEVHOST_PROBE_WASM", probe);
        process::run(&mut command)
    });
    end_to_end(steps, options, toolchain, &cluster);
    steps.run("up", || up::run(programs));
    Ok(())
}

/// Runs the end-to-end tests on devhost, and on spin if it is there, or on the host of `--host`.
fn end_to_end(steps: &mut Steps, options: &Options, toolchain: &Toolchain, cluster: &Cluster) {
    if !["e2e", "e2e-spin"].into_iter().any(|name| steps.is_wanted(name)) {
        return;
    }
    let on = |host: &str| {
        components::build_stoppable(toolchain)?;
        process::run(tests(cluster, "e2e").env("CARTWHEEL_HOST", host))
    };
    match (options.host.is_some(), host_name(options)) {
        (_, Err(error)) => steps.run("e2e", || Err(error)),
        (true, Ok(host)) => steps.run("e2e", || on(host)),
        (false, Ok(host)) => {
            steps.run("e2e", || on("devhost"));
            if host == "spin" {
                steps.run("e2e-spin", || on("spin"));
            } else {
                steps.not_run("e2e-spin", "there is no spin 4.1 or later on PATH");
            }
        }
    }
}
