//! `test`: every check there is, in the order in which a mistake is cheapest to learn of.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};

use crate::pg::Cluster;
use crate::process::{self, built, cargo, output, root, target_dir, which};
use crate::toolchain::{TARGET, Toolchain};
use crate::up::host_name;
use crate::{Options, components, k8s, report, worlds};

/// What became of a step.
enum Outcome {
    Passed,
    Failed(anyhow::Error),
    NotRun(String),
}

/// The steps so far.
struct Run<'o> {
    options: &'o Options,
    steps: Vec<(&'static str, Outcome, Duration)>,
}

pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let mut tests = Run { options, steps: Vec::new() };
    tests.step("fmt", || process::run(&mut cargo(&["fmt", "--all", "--check"])));
    tests.step("clippy", || {
        process::run(&mut cargo(&[
            "clippy",
            "--workspace",
            "--all-targets",
            "--quiet",
            "--",
            "-D",
            "warnings",
        ]))
    });
    let mut toolchain = None;
    tests.step("build", || {
        toolchain = Some(components::build()?);
        components::build_tools()
    });
    let is_built = tests.passed("build");
    tests.clippy_for_wasm(toolchain.as_ref());
    tests.step("unit", || {
        let mut command = cargo(&["test", "--workspace", "--quiet"]);
        for needs_more in ["cartwheel-tests", "firestore", "devhost"] {
            command.args(["--exclude", needs_more]);
        }
        process::run(&mut command)
    });
    tests.step("firestore", || process::run(&mut cargo(&["test", "--package", "firestore", "--quiet"])));
    tests.deny();
    tests.step("k8s", k8s::run_all);
    if is_built {
        tests.step("worlds", worlds::run);
        tests.step("report", report::run);
        tests.on_database(toolchain.as_ref())?;
    } else {
        for name in ["worlds", "report", "migrations", "store", "devhost", "e2e"] {
            tests.not_run(name, "the build failed");
        }
    }
    tests.close()
}

impl Run<'_> {
    fn is_wanted(&self, name: &str) -> bool {
        self.options.only.is_empty() || name == "build" || self.options.only.iter().any(|only| only == name)
    }

    fn step(&mut self, name: &'static str, work: impl FnOnce() -> anyhow::Result<()>) {
        if !self.is_wanted(name) {
            return;
        }
        println!("\n=== {name}");
        let started = Instant::now();
        let outcome = match work() {
            Ok(()) => Outcome::Passed,
            Err(error) => {
                println!("{error:#}");
                Outcome::Failed(error)
            }
        };
        self.steps.push((name, outcome, started.elapsed()));
    }

    fn not_run(&mut self, name: &'static str, reason: impl Into<String>) {
        if self.is_wanted(name) {
            self.steps.push((name, Outcome::NotRun(reason.into()), Duration::ZERO));
        }
    }

    fn passed(&self, wanted: &str) -> bool {
        self.steps.iter().any(|(name, outcome, _)| *name == wanted && matches!(outcome, Outcome::Passed))
    }

    /// The code that only exists in the sandbox. Debian's compiler has no clippy of its version, and clippy of another
    /// version cannot read its standard library; there, the compiler's own warnings are errors.
    fn clippy_for_wasm(&mut self, toolchain: Option<&Toolchain>) {
        let Some(toolchain) = toolchain else {
            return self.not_run("clippy-wasm", "there is no toolchain for it");
        };
        let packages = ["-p", "users", "-p", "products", "-p", "orders", "-p", "host-spin"];
        match toolchain {
            Toolchain::Rustup => self.step("clippy-wasm", || {
                process::run(
                    toolchain.cargo("clippy").args(packages).args(["--quiet", "--", "-D", "warnings"]),
                )
            }),
            Toolchain::Debian { .. } => {
                self.step("check-wasm", || {
                    let mut check = toolchain.cargo("check");
                    let flags =
                        check.get_envs().find(|(key, _)| *key == "RUSTFLAGS").and_then(|(_, value)| value);
                    let flags = format!("{} -D warnings", flags.unwrap_or_default().to_string_lossy());
                    // A directory of its own: other flags would rebuild everything twice.
                    let folder = target_dir().join("wasm-debian-check");
                    check.env("RUSTFLAGS", flags).env("CARGO_TARGET_DIR", folder);
                    process::run(check.args(packages).args(["--lib", "--quiet"]))
                });
                self.not_run(
                    "clippy-wasm",
                    format!("Debian's compiler for {TARGET} has no clippy; `rustup target add {TARGET}` makes it possible"),
                );
            }
        }
    }

    fn deny(&mut self) {
        if which("cargo-deny").is_some() {
            self.step("deny", || process::run(&mut cargo(&["deny", "check"])));
        } else {
            self.not_run(
                "deny",
                "`cargo install cargo-deny` makes it possible; it also needs the advisory database",
            );
        }
    }

    fn on_database(&mut self, toolchain: Option<&Toolchain>) -> anyhow::Result<()> {
        if !["migrations", "store", "devhost", "e2e"].into_iter().any(|name| self.is_wanted(name)) {
            return Ok(());
        }
        let cluster = Cluster::throwaway().context("the tests need a PostgreSQL of their own")?;
        self.step("migrations", || migrations(&cluster));
        self.step("store", || process::run(&mut tests(&cluster, "store")));
        self.step("devhost", || {
            let probe = components::build_probe(toolchain.context("there is no toolchain for the probe")?)?;
            let mut command = cargo(&["test", "--package", "devhost", "--quiet"]);
            command.env("CARTWHEEL_TEST_PG", cluster.address("postgres")).env("DEVHOST_PROBE_WASM", probe);
            process::run(&mut command)
        });
        if self.is_wanted("e2e") {
            let toolchain = toolchain.context("there is no toolchain for the crash points")?;
            components::build_stoppable(toolchain)?;
        }
        let host = match host_name(self.options) {
            Ok(host) => host,
            Err(error) => {
                self.steps.push(("e2e", Outcome::Failed(error), Duration::ZERO));
                return Ok(());
            }
        };
        if self.options.host.is_none() {
            self.step("e2e", || process::run(tests(&cluster, "e2e").env("CARTWHEEL_HOST", "devhost")));
            if host == "spin" {
                self.step("e2e-spin", || process::run(tests(&cluster, "e2e").env("CARTWHEEL_HOST", "spin")));
            } else {
                self.not_run("e2e-spin", "there is no spin 4.1 or later on PATH");
            }
        } else {
            self.step("e2e", || process::run(tests(&cluster, "e2e").env("CARTWHEEL_HOST", host)));
        }
        Ok(())
    }

    fn close(self) -> anyhow::Result<()> {
        println!("\n=== summary");
        let (mut passed, mut failed, mut not_run) = (0, 0, 0);
        for (name, outcome, time) in &self.steps {
            let seconds = time.as_secs();
            match outcome {
                Outcome::Passed => {
                    passed += 1;
                    println!("ok       {name:<12} {seconds:>4} s");
                }
                Outcome::Failed(error) => {
                    failed += 1;
                    println!("FAILED   {name:<12} {seconds:>4} s  {error:#}");
                }
                Outcome::NotRun(reason) => {
                    not_run += 1;
                    println!("NOT RUN  {name:<12}         {reason}");
                }
            }
        }
        ensure!(passed + failed > 0, "no step has one of the names after --only");
        println!("{passed} passed, {failed} failed, {not_run} skipped");
        if failed > 0 { bail!("{failed} of the steps failed") } else { Ok(()) }
    }
}

/// Up, down to nothing, and up again.
fn migrations(cluster: &Cluster) -> anyhow::Result<()> {
    for service in ["users", "products"] {
        let database = cluster.address(&format!("{service}_db"));
        let migrate = |arguments: &[&str]| {
            let mut command = Command::new(built("migrate"));
            command.args(arguments).args(["--service", service]).env("ROLE_PASSWORD", "throwaway");
            output(&mut command)
        };
        migrate(&["bootstrap", "--url", &cluster.address("postgres")])?;
        let up = migrate(&["up", "--url", &database])?;
        let down = migrate(&["down", "--url", &database])?;
        let again = migrate(&["up", "--url", &database])?;
        migrate(&["seed", "--url", &database])?;
        migrate(&["seed", "--url", &database])?;
        let idle = migrate(&["up", "--url", &database])?;
        ensure!(
            up == again && down.lines().count() == up.lines().count(),
            "{service}: up, down and up do not match"
        );
        ensure!(idle.trim() == "nothing to do", "{service}: a second up did something");
        print!("{service}: {up}");
    }
    Ok(())
}

/// `cargo test` of the tests that need a database, or a whole shop.
fn tests(cluster: &Cluster, binary: &str) -> Command {
    let mut command = cargo(&["test", "--package", "cartwheel-tests", "--test", binary]);
    command
        .env("CARTWHEEL_TEST_PG", cluster.address("postgres"))
        .env("CARTWHEEL_ROOT", root())
        .env("CARTWHEEL_MIGRATE", built("migrate"))
        .env("CARTWHEEL_STOPPABLE_MANIFEST", components::stoppable_manifest())
        .env("CARTWHEEL_DEVHOST", built("devhost"))
        .env("CARTWHEEL_FIRESTORE_EMULATOR", built("firestore-emulator"));
    command
}
