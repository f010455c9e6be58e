use http::StatusCode;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::{Problem, Reply};

/// The results of the checks of `GET /{service}/health`.
#[derive(Debug, Default)]
pub struct Health {
    checks: Map<String, Value>,
    causes: Vec<String>,
}

#[derive(Serialize)]
struct HealthResponse {
    status: &'static str,
    checks: Map<String, Value>,
}

impl Health {
    /// Adds the result of a check.
    #[must_use]
    pub fn check<T, E: std::fmt::Display>(mut self, name: &str, outcome: Result<T, E>) -> Self {
        let state = match outcome {
            Ok(_) => "ok",
            Err(cause) => {
                self.causes.push(format!("{name}: {cause}"));
                "failing"
            }
        };
        self.checks.insert(name.to_owned(), state.into());
        self
    }

    /// Creates the reply, 200 if all checks succeed.
    ///
    /// # Errors
    /// 503 that names the failing checks.
    pub fn reply(self) -> Result<Reply, Problem> {
        if self.causes.is_empty() {
            return Reply::ok(&HealthResponse { status: "ok", checks: self.checks });
        }
        Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "unhealthy", "a dependency fails; checks names it")
            .with("checks", self.checks)
            .with_retry_after(1)
            .caused_by(self.causes.join("; ")))
    }
}
