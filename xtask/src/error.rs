//! Errors as one short paragraph: what failed, the cause, and what to do next.

use std::backtrace::BacktraceStatus;
use std::fmt;

use anyhow::Context as _;

use crate::redact::redact;

/// The advice if the failed operation has none.
const DEFAULT_ADVICE: &str = "The output above has the details; RUST_BACKTRACE=1 adds a backtrace.";

/// What to do next: attached to an error, and printed after its causes.
#[derive(Debug)]
struct Advice(String);

impl fmt::Display for Advice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Attaches advice to a result.
pub(crate) trait Advise<T> {
    /// Attaches what to do next if this is an error.
    fn advise(self, advice: impl Into<String>) -> anyhow::Result<T>;
}

impl<T> Advise<T> for anyhow::Result<T> {
    fn advise(self, advice: impl Into<String>) -> anyhow::Result<T> {
        self.context(Advice(advice.into()))
    }
}

/// Writes an error's causes in one line, without its advice and without secrets.
pub(crate) fn causes(error: &anyhow::Error) -> String {
    let advice = advice(error);
    let mut parts: Vec<String> = Vec::new();
    for cause in error.chain().map(ToString::to_string) {
        // Drivers repeat their cause in their own message.
        let is_repeated = parts.last().is_some_and(|last| last.contains(&cause));
        if Some(&cause) != advice && !is_repeated {
            parts.push(cause);
        }
    }
    redact(&parts.join(": "))
}

/// Writes an error as a paragraph: `error: what failed: cause`, then what to do next.
pub(crate) fn paragraph(error: &anyhow::Error) -> String {
    let advice = advice(error).map_or(DEFAULT_ADVICE, String::as_str);
    let mut text = format!("error: {}\n       {}", causes(error), redact(advice));
    // anyhow records a backtrace only if RUST_BACKTRACE or RUST_LIB_BACKTRACE asks for it.
    if error.backtrace().status() == BacktraceStatus::Captured {
        text.push_str(&format!("\n\n{}", error.backtrace()));
    }
    text
}

fn advice(error: &anyhow::Error) -> Option<&String> {
    error.downcast_ref::<Advice>().map(|advice| &advice.0)
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    use super::*;

    fn first_lines(error: &anyhow::Error) -> String {
        paragraph(error).lines().take(2).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn an_error_is_what_failed_its_cause_and_the_next_step() {
        let error = Err::<(), _>(anyhow!("connection refused"))
            .context("cannot migrate users_db")
            .advise("Start PostgreSQL.")
            .unwrap_err();
        let expected = "error: cannot migrate users_db: connection refused\n       Start PostgreSQL.";
        assert_eq!(first_lines(&error), expected);
    }

    #[test]
    fn a_cause_that_repeats_the_message_before_it_is_left_out() {
        let error = anyhow!("ERROR: x").context("db error: ERROR: x").context("cannot seed");
        assert_eq!(causes(&error), "cannot seed: db error: ERROR: x");
    }

    #[test]
    fn no_secret_is_printed() {
        let error =
            anyhow!("cannot connect to postgres://admin:hunter22@host/db").context("password=hunter22");
        assert!(!paragraph(&error).split("\n\n").next().unwrap().contains("hunter22"));
    }
}
