//! The steps of `test` and their summary.

use std::time::{Duration, Instant};

use anyhow::{bail, ensure};

use crate::error::causes;

/// The result of a step.
enum Outcome {
    Passed,
    Failed(anyhow::Error),
    NotRun(String),
}

/// The steps that have been run.
pub(super) struct Steps {
    /// The names of the wanted steps; all if it is empty.
    only: Vec<String>,
    done: Vec<(&'static str, Outcome, Duration)>,
    /// The PostgreSQL of the tests.
    pub(super) postgres: Option<String>,
}

impl Steps {
    pub(super) fn new(only: &[String]) -> Self {
        Self { only: only.to_vec(), done: Vec::new(), postgres: None }
    }

    /// Returns whether a step is to be run.
    pub(super) fn is_wanted(&self, name: &str) -> bool {
        self.only.is_empty() || name == "build" || self.only.iter().any(|only| only == name)
    }

    /// Runs a step, if it is wanted.
    pub(super) fn run(&mut self, name: &'static str, work: impl FnOnce() -> anyhow::Result<()>) {
        // After a signal every further step would fail.
        if !self.is_wanted(name) || crate::interrupt::is_requested() {
            return;
        }
        println!("\n=== {name}");
        let started = Instant::now();
        let outcome = match work() {
            Ok(()) => Outcome::Passed,
            Err(error) => {
                println!("{}", causes(&error));
                Outcome::Failed(error)
            }
        };
        self.done.push((name, outcome, started.elapsed()));
    }

    /// Records a step that cannot be run on this machine, with the reason.
    pub(super) fn not_run(&mut self, name: &'static str, reason: impl Into<String>) {
        if self.is_wanted(name) {
            self.done.push((name, Outcome::NotRun(reason.into()), Duration::ZERO));
        }
    }

    pub(super) fn passed(&self, wanted: &str) -> bool {
        self.done.iter().any(|(name, outcome, _)| *name == wanted && matches!(outcome, Outcome::Passed))
    }

    /// Prints the summary, and fails if a step has failed.
    pub(super) fn close(self) -> anyhow::Result<()> {
        crate::interrupt::check()?;
        println!("\n=== summary");
        let (mut passed, mut failed, mut not_run) = (0, 0, 0);
        for (name, outcome, time) in &self.done {
            let seconds = time.as_secs();
            match outcome {
                Outcome::Passed => {
                    passed += 1;
                    println!("ok       {name:<12} {seconds:>4} s");
                }
                Outcome::Failed(error) => {
                    failed += 1;
                    println!("FAILED   {name:<12} {seconds:>4} s  {}", causes(error));
                }
                Outcome::NotRun(reason) => {
                    not_run += 1;
                    println!("NOT RUN  {name:<12}         {reason}");
                }
            }
        }
        ensure!(passed + failed > 0, "no step has one of the names after --only");
        if let Some(postgres) = &self.postgres {
            println!("the databases of the tests: {postgres}");
        }
        println!("{passed} passed, {failed} failed, {not_run} skipped");
        if failed > 0 { bail!("{failed} of the steps failed") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_wanted_steps_run_and_a_failed_step_fails_the_test() {
        let mut steps = Steps::new(&["store".to_owned()]);
        steps.run("e2e", || bail!("not wanted"));
        steps.run("store", || bail!("a reason"));
        assert!(!steps.passed("store"));
        assert_eq!(steps.close().unwrap_err().to_string(), "1 of the steps failed");
        assert!(Steps::new(&["nonsense".to_owned()]).close().is_err());
    }
}
