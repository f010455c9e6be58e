//! Error responses: RFC 9457 `application/problem+json`.
//!
//! Each use case has a closed error enum without HTTP. Its `From` impl into [`Problem`], one exhaustive match in
//! `api/problems.rs` of the service, gives it a status. A problem carries two messages: `detail` tells the client what to do
//! next, and `cause` is written to the log only.

use http::header::{HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, StatusCode};
use kernel::UserId;
use kernel::fields::FieldError;
use serde::Serialize;
use serde_json::{Map, Value};

/// An error response. Boxed, so that the `Result` of a handler stays small.
#[derive(Debug)]
pub struct Problem(Box<Parts>);

#[derive(Debug)]
struct Parts {
    status: StatusCode,
    code: &'static str,
    detail: String,
    errors: Vec<FieldError>,
    extensions: Map<String, Value>,
    headers: HeaderMap,
    cause: Option<String>,
}

impl Problem {
    /// Creates a problem with a stable `code` in kebab case and a `detail` that names the client's next step.
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self(Box::new(Parts {
            status,
            code,
            detail: detail.into(),
            errors: Vec::new(),
            extensions: Map::new(),
            headers: HeaderMap::new(),
            cause: None,
        }))
    }

    /// Creates the problem of a malformed query or path parameter, 400.
    pub fn invalid_parameter(name: &str, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        let error = FieldError { field: name.to_owned(), code: "invalid", detail: detail.clone() };
        Self::new(StatusCode::BAD_REQUEST, "invalid-parameter", format!("the parameter {name} {detail}"))
            .with_errors(vec![error])
    }

    /// Creates a 401. `detail` names the credential that is missing or rejected, never the reason.
    pub fn unauthorized(code: &'static str, detail: impl Into<String>) -> Self {
        let challenge = match code {
            // RFC 6750 section 3.1: no error code when the request lacks any authentication information.
            "missing-token" => HeaderValue::from_static("Bearer"),
            _ => HeaderValue::from_static(r#"Bearer error="invalid_token""#),
        };
        Self::new(StatusCode::UNAUTHORIZED, code, detail).with_header(WWW_AUTHENTICATE, challenge)
    }

    /// Creates a 404, the same for an absent resource and for a resource of another user.
    pub fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", format!("there is no such {what}"))
    }

    /// Creates a 403: the caller is authenticated and lacks the permission.
    pub fn forbidden(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, code, detail)
    }

    /// Creates the 403 of a route for admins.
    #[must_use]
    pub fn admin_only(caller: UserId) -> Self {
        Self::forbidden("admin-only", "only an admin may do this")
            .caused_by(format!("user {caller} is not an admin"))
    }

    /// Creates the 412 of a change whose `If-Match` names another version.
    #[must_use]
    pub fn stale() -> Self {
        Self::new(
            StatusCode::PRECONDITION_FAILED,
            "stale-version",
            "it was changed since you read it; read it again and send its new ETag as If-Match",
        )
    }

    /// Creates the 503 of a failed dependency. The client may repeat the request after `Retry-After`.
    pub fn unavailable(dependency: &str, cause: impl std::fmt::Display) -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "dependency-unavailable",
            format!(
                "{dependency} does not answer; send the same request again after the time in retry-after"
            ),
        )
        .with_retry_after(1)
        .caused_by(format!("{dependency}: {cause}"))
    }

    /// Creates the 500 of a defect. The client receives the id of the request and no cause.
    pub fn internal(cause: impl std::fmt::Display) -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal-error",
            "something went wrong here; report the requestId if it happens again",
        )
        .caused_by(cause)
    }

    /// Adds the faults of the fields.
    #[must_use]
    pub fn with_errors(mut self, errors: Vec<FieldError>) -> Self {
        self.0.errors = errors;
        self
    }

    /// Adds an extension member to the body. A value that cannot be written as JSON is left out.
    #[must_use]
    pub fn with(mut self, member: &str, value: impl Serialize) -> Self {
        if let Ok(value) = serde_json::to_value(value) {
            self.0.extensions.insert(member.to_owned(), value);
        }
        self
    }

    /// Sets a header.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.insert(name, value);
        self
    }

    /// Sets `Retry-After`.
    #[must_use]
    pub fn with_retry_after(self, seconds: u32) -> Self {
        self.with_header(RETRY_AFTER, HeaderValue::from(seconds))
    }

    /// Adds the cause, for the log.
    #[must_use]
    pub fn caused_by(mut self, cause: impl std::fmt::Display) -> Self {
        self.0.cause = Some(cause.to_string());
        self
    }

    /// Returns the status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// Returns the stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.0.code
    }

    /// Returns the faults of the fields.
    #[must_use]
    pub fn errors(&self) -> &[FieldError] {
        &self.0.errors
    }

    /// Returns the cause, for the log.
    #[must_use]
    pub fn cause(&self) -> Option<&str> {
        self.0.cause.as_deref()
    }

    /// Returns the headers and the body.
    pub(crate) fn into_parts(self, request_id: &str) -> (HeaderMap, Vec<u8>) {
        let body = ProblemBody {
            kind: format!("urn:cartwheel:problem:{}", self.0.code),
            title: self.0.status.canonical_reason().unwrap_or("Error"),
            status: self.0.status.as_u16(),
            detail: &self.0.detail,
            code: self.0.code,
            request_id,
            errors: &self.0.errors,
            extensions: &self.0.extensions,
        };
        (self.0.headers, serde_json::to_vec(&body).unwrap_or_default())
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ProblemBody<'a> {
    #[serde(rename = "type")]
    kind: String,
    title: &'a str,
    status: u16,
    detail: &'a str,
    code: &'a str,
    request_id: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldError],
    #[serde(flatten)]
    extensions: &'a Map<String, Value>,
}
