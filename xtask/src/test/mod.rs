//! `test`: runs every check, the fastest first.

mod database;
mod options;
mod sources;
mod summary;
mod up;

use anyhow::Context as _;

use self::database::{migrations, tests};
pub(crate) use self::options::Options;
use self::summary::Steps;
use crate::postgres::{Cluster, Programs};
use crate::prerequisites::{Need, ensure};
use crate::process::{cargo, cmd, run as run_command};
use crate::toolchain::Toolchain;
use crate::tools::Tools;
use crate::up::{Host, choose_host};
use crate::{build, k8s, worlds};

/// The steps that start a PostgreSQL.
const ON_DATABASE: [&str; 6] = ["migrations", "store", "devhost", "e2e", "e2e-spin", "up"];
/// The steps that run the end-to-end tests.
const END_TO_END: [&str; 2] = ["e2e", "e2e-spin"];

/// Runs the steps, and prints a summary.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let mut steps = Steps::new(&options.only);
    ensure(&needs(options, &steps))?;
    let is_on_database = ON_DATABASE.into_iter().any(|name| steps.is_wanted(name));
    let postgres = options.postgres.as_deref();
    let programs = is_on_database.then(|| database::programs(postgres)).transpose()?;
    steps.postgres = programs.as_ref().map(Programs::describe);

    sources::check(&mut steps);
    let toolchain = build_all(&mut steps);
    sources::clippy_for_wasm(&mut steps, toolchain.as_ref());
    sources::run_units(&mut steps);
    sources::deny(&mut steps);
    steps.run("k8s", k8s::check_all);
    if let Some(toolchain) = toolchain {
        steps.run("worlds", || worlds::run(&worlds::Options));
        steps.run("report", build::report::run);
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

/// Returns the requirements of the wanted steps.
fn needs(options: &Options, steps: &Steps) -> Vec<Need> {
    let mut needs = vec![Need::Wasm];
    if options.postgres.is_none() && ON_DATABASE.into_iter().any(|name| steps.is_wanted(name)) {
        needs.push(Need::Postgres);
    }
    if steps.is_wanted("k8s") {
        needs.extend(k8s::NEEDS);
    }
    if END_TO_END.into_iter().any(|name| steps.is_wanted(name)) {
        // The library that verifies the signatures of deliveries, and the test of a deployment, `k8s/e2e.sh`.
        needs.extend([Need::Node, Need::Curl]);
    }
    needs
}

/// Builds the components and the tools. Returns the toolchain if that succeeds.
fn build_all(steps: &mut Steps) -> Option<Toolchain> {
    let mut toolchain = None;
    steps.run("build", || {
        toolchain = Some(build::components()?);
        build::tools()
    });
    toolchain.filter(|_| steps.passed("build"))
}

fn on_database(
    steps: &mut Steps,
    options: &Options,
    toolchain: &Toolchain,
    programs: &Programs,
) -> anyhow::Result<()> {
    let cluster = Cluster::throwaway(programs).context("the tests need a PostgreSQL of their own")?;
    steps.run("migrations", || migrations(&cluster));
    steps.run("store", || run_command(tests(&cluster, "store").env("CARTWHEEL_PG_DUMP", programs.pg_dump())));
    steps.run("devhost", || {
        let (probe, cargo) = (build::probe(toolchain)?, cargo());
        let mut command = cmd!("{cargo} test --package devhost --quiet");
        command.env("CARTWHEEL_TEST_PG", cluster.address("postgres")).env("DEVHOST_PROBE_WASM", probe);
        run_command(&mut command)
    });
    end_to_end(steps, options, toolchain, &cluster);
    steps.run("up", || up::run(programs));
    Ok(())
}

/// Runs the end-to-end tests on the host of `--host`, or else on devhost and, if it is installed, on spin.
fn end_to_end(steps: &mut Steps, options: &Options, toolchain: &Toolchain, cluster: &Cluster) {
    if !END_TO_END.into_iter().any(|name| steps.is_wanted(name)) {
        return;
    }
    let on = |host: Host| {
        build::with_crash_points(toolchain)?;
        let node_modules = Tools::install_npm_packages()?.node_modules();
        let host = if host == Host::Spin { "spin" } else { "devhost" };
        let mut command = tests(cluster, "e2e");
        run_command(command.env("CARTWHEEL_HOST", host).env("CARTWHEEL_NODE_MODULES", node_modules))
    };
    match (options.host.is_some(), choose_host(options.host.as_deref())) {
        (_, Err(error)) => steps.run("e2e", || Err(error)),
        (true, Ok(host)) => steps.run("e2e", || on(host)),
        (false, Ok(host)) => {
            steps.run("e2e", || on(Host::Devhost));
            if host == Host::Spin {
                steps.run("e2e-spin", || on(Host::Spin));
            } else {
                steps.not_run("e2e-spin", "there is no spin 4.1 or later on PATH");
            }
        }
    }
}
