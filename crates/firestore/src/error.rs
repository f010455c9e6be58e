//! What Firestore's answers mean (`google.rpc.Code`, told in `error.status`).

use bytes::Bytes;
use capability::HttpError;
use http::Response;
use serde::Deserialize;

use crate::value::ValueError;

/// Why there is no answer to a read, or why it cannot be used. The texts are for the log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Firestore is down, overloaded or out of reach; the same call may succeed later.
    #[error("Firestore is unavailable: {0}")]
    Unavailable(String),
    /// Firestore refuses the call: a defect or a wrong configuration of ours.
    #[error("Firestore refuses: {0}")]
    Refused(String),
    /// The documents are not what we write.
    #[error("unexpected document: {0}")]
    Unexpected(String),
}

impl From<ValueError> for Error {
    fn from(error: ValueError) -> Self {
        Self::Unexpected(error.to_string())
    }
}

/// Why a commit did not happen, or is not known to have happened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommitError {
    /// A document that was to be created exists. Read it: it may be this very commit's, if an earlier try of it won.
    #[error("a document exists already")]
    AlreadyExists,
    /// A document has changed since it was read, or is gone. Read again and decide again.
    #[error("a document has changed")]
    Stale,
    /// It was tried to the end of the budget and may or may not have happened. The same commit may be sent again.
    #[error("outcome unknown: {0}")]
    OutcomeUnknown(String),
    /// Firestore refuses the call: a defect or a wrong configuration of ours.
    #[error("Firestore refuses: {0}")]
    Refused(String),
}

impl From<ValueError> for CommitError {
    fn from(error: ValueError) -> Self {
        Self::Refused(error.to_string())
    }
}

/// What an answer means for the next step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Failure {
    AlreadyExists,
    FailedPrecondition,
    NotFound,
    /// Contention: nothing happened, try again.
    Aborted(String),
    /// The access token is too old.
    Unauthenticated(String),
    /// Too much at once: wait longer.
    Exhausted(String),
    /// Whether it happened is not known.
    Unknown(String),
    Refused(String),
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

    pub(crate) fn of_answer(response: &Response<Bytes>) -> Self {
        let http_status = response.status();
        // runQuery streams, so it wraps its error in a list.
        let body = response.body();
        let read = serde_json::from_slice::<ErrorBody>(body)
            .or_else(|_| serde_json::from_slice::<[ErrorBody; 1]>(body).map(|[body]| body));
        let Ok(ErrorBody { error: Status { status, message } }) = read else {
            let told = format!("HTTP {http_status}");
            return if http_status.is_server_error() { Self::Unknown(told) } else { Self::Refused(told) };
        };
        let told = format!("{status}: {message}");
        match status.as_str() {
            "ALREADY_EXISTS" => Self::AlreadyExists,
            "FAILED_PRECONDITION" => Self::FailedPrecondition,
            "NOT_FOUND" => Self::NotFound,
            "ABORTED" => Self::Aborted(told),
            "UNAUTHENTICATED" => Self::Unauthenticated(told),
            "RESOURCE_EXHAUSTED" => Self::Exhausted(told),
            "UNAVAILABLE" | "DEADLINE_EXCEEDED" | "INTERNAL" | "UNKNOWN" | "CANCELLED" => Self::Unknown(told),
            _ => Self::Refused(told),
        }
    }
}
