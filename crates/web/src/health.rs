use http::StatusCode;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::{Problem, Reply};

/// The result of the checks behind `GET /{service}/health`.
#[derive(Debug, Default)]
pub struct Health {
    checks: Map<String, Value>,
    causes: Vec<String>,
}

#[derive(Serialize)]
struct Wire {
    status: &'static str,
    checks: Map<String, Value>,
}

impl Health {
    /// Adds the outcome of one check.
    #[must_use]
    pub fn check<T, E: std::fmt::Display>(mut self, name: &str, outcome: Result<T, E>) -> Self {
        let told = match outcome {
            Ok(_) => "ok",
            Err(cause) => {
                self.causes.push(format!("{name}: {cause}"));
                "failing"
            }
        };
        self.checks.insert(name.to_owned(), told.into());
        self
    }

    /// 200 if all checks are well.
    ///
    /// # Errors
    /// 503 that names the failing ones.
    pub fn reply(self) -> Result<Reply, Problem> {
        if self.causes.is_empty() {
            return Reply::ok(&Wire { status: "ok", checks: self.checks });
        }
        Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "unhealthy", "a dependency fails; checks names it")
            .with("checks", self.checks)
            .with_retry_after(1)
            .caused_by(self.causes.join("; ")))
    }
}
