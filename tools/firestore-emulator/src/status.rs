//! Error statuses of the API.

use http::StatusCode;
use serde_json::{Value, json};

/// An error: a `google.rpc.Code` with a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Status {
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

impl Status {
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new("INVALID_ARGUMENT", message)
    }

    /// Returns the status of this name, for an injected fault.
    pub(crate) fn named(name: &str) -> Self {
        const NAMES: [&str; 10] = [
            "ABORTED",
            "ALREADY_EXISTS",
            "DEADLINE_EXCEEDED",
            "FAILED_PRECONDITION",
            "INTERNAL",
            "NOT_FOUND",
            "PERMISSION_DENIED",
            "RESOURCE_EXHAUSTED",
            "UNAUTHENTICATED",
            "UNAVAILABLE",
        ];
        let code = NAMES.into_iter().find(|known| *known == name).unwrap_or("INTERNAL");
        Self::new(code, "an injected fault")
    }

    pub(crate) fn http(&self) -> StatusCode {
        match self.code {
            "INVALID_ARGUMENT" | "FAILED_PRECONDITION" => StatusCode::BAD_REQUEST,
            "UNAUTHENTICATED" => StatusCode::UNAUTHORIZED,
            "PERMISSION_DENIED" => StatusCode::FORBIDDEN,
            "NOT_FOUND" => StatusCode::NOT_FOUND,
            "ALREADY_EXISTS" | "ABORTED" => StatusCode::CONFLICT,
            "RESOURCE_EXHAUSTED" => StatusCode::TOO_MANY_REQUESTS,
            "UNIMPLEMENTED" => StatusCode::NOT_IMPLEMENTED,
            "UNAVAILABLE" => StatusCode::SERVICE_UNAVAILABLE,
            "DEADLINE_EXCEEDED" => StatusCode::GATEWAY_TIMEOUT,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    pub(crate) fn body(&self) -> Value {
        json!({ "error": { "code": self.http().as_u16(), "message": self.message, "status": self.code } })
    }
}
