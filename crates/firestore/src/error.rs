//! The meaning of Firestore's failures (`google.rpc.Code` in `error.status`).

use bytes::Bytes;
use capability::HttpError;
use http::Response;
use serde::Deserialize;

use crate::value::ValueError;

/// Why a read failed. The texts are for the log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Firestore is down, overloaded or unreachable; the same call may succeed later.
    #[error("Firestore is unavailable: {0}")]
    Unavailable(String),
    /// Firestore rejects the call: a defect or a wrong configuration of the service.
    #[error("Firestore rejects the call: {0}")]
    Rejected(String),
    /// The documents have another shape than the service writes.
    #[error("unexpected document: {0}")]
    Unexpected(String),
}

impl From<ValueError> for Error {
    fn from(error: ValueError) -> Self {
        Self::Unexpected(error.to_string())
    }
}

/// Why a commit was not applied, or is not known to have been applied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommitError {
    /// A document that the commit creates exists already, possibly because an earlier attempt of this commit succeeded.
    #[error("a document exists already")]
    AlreadyExists,
    /// A document has been changed or deleted since it was read. The caller reads it again and decides again.
    #[error("a document has changed")]
    Stale,
    /// All attempts failed; the commit may or may not have been applied. The same commit may be sent again.
    #[error("outcome unknown: {0}")]
    OutcomeUnknown(String),
    /// Firestore rejects the call: a defect or a wrong configuration of the service.
    #[error("Firestore rejects the call: {0}")]
    Rejected(String),
}

impl From<ValueError> for CommitError {
    fn from(error: ValueError) -> Self {
        Self::Rejected(error.to_string())
    }
}

/// The meaning of a failure for the next step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Failure {
    AlreadyExists,
    FailedPrecondition,
    NotFound,
    /// Contention: the call was not applied and may be repeated.
    Aborted(String),
    /// The access token has expired.
    Unauthenticated(String),
    /// The rate limit is exceeded: the next attempt waits longer.
    Exhausted(String),
    /// The call may or may not have been applied.
    Unknown(String),
    Rejected(String),
}

#[derive(Deserialize)]
struct ErrorBody {
    error: Status,
}

#[derive(Deserialize)]
struct Status {
    status: String,
    #[serde(default)]
    message: String,
}

impl Failure {
    pub(crate) fn of_transport(error: &HttpError) -> Self {
        Self::Unknown(error.to_string())
    }

    pub(crate) fn of_response(response: &Response<Bytes>) -> Self {
        let http_status = response.status();
        // runQuery streams its response and wraps an error in a list.
        let body = response.body();
        let read = serde_json::from_slice::<ErrorBody>(body)
            .or_else(|_| serde_json::from_slice::<[ErrorBody; 1]>(body).map(|[body]| body));
        let Ok(ErrorBody { error: Status { status, message } }) = read else {
            let cause = format!("HTTP {http_status}");
            return if http_status.is_server_error() { Self::Unknown(cause) } else { Self::Rejected(cause) };
        };
        let cause = format!("{status}: {message}");
        match status.as_str() {
            "ALREADY_EXISTS" => Self::AlreadyExists,
            "FAILED_PRECONDITION" => Self::FailedPrecondition,
            "NOT_FOUND" => Self::NotFound,
            "ABORTED" => Self::Aborted(cause),
            "UNAUTHENTICATED" => Self::Unauthenticated(cause),
            "RESOURCE_EXHAUSTED" => Self::Exhausted(cause),
            "UNAVAILABLE" | "DEADLINE_EXCEEDED" | "INTERNAL" | "UNKNOWN" | "CANCELLED" => {
                Self::Unknown(cause)
            }
            _ => Self::Rejected(cause),
        }
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Aborted(cause) | Failure::Exhausted(cause) | Failure::Unknown(cause) => {
                Self::Unavailable(cause)
            }
            Failure::Rejected(cause) | Failure::Unauthenticated(cause) => Self::Rejected(cause),
            Failure::AlreadyExists | Failure::FailedPrecondition | Failure::NotFound => {
                Self::Rejected(format!("{failure:?}"))
            }
        }
    }
}

impl From<Failure> for CommitError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::AlreadyExists => Self::AlreadyExists,
            Failure::FailedPrecondition | Failure::NotFound => Self::Stale,
            Failure::Aborted(cause) | Failure::Exhausted(cause) | Failure::Unknown(cause) => {
                Self::OutcomeUnknown(cause)
            }
            Failure::Rejected(cause) | Failure::Unauthenticated(cause) => Self::Rejected(cause),
        }
    }
}
