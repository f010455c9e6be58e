//! The [`Http`] capability: one request, one whole answer, within the host's time limit.

use bytes::Bytes;

/// The largest answer that is read, in bytes: a page of documents fits, a runaway peer does not fill the memory.
pub const MAX_ANSWER_BYTES: usize = 8 * 1024 * 1024;

/// Outbound HTTP to the hosts that the manifest lists.
pub trait Http {
    /// Sends the request and reads the whole answer. The host sets the time limit, for connecting, sending and reading
    /// together.
    ///
    /// Any status is an `Ok`: only the caller knows which of them are failures.
    ///
    /// # Errors
    /// See [`HttpError`]. Note that a request may have taken effect although its answer never came.
    fn send(
        &self,
        request: ::http::Request<Bytes>,
    ) -> impl Future<Output = Result<::http::Response<Bytes>, HttpError>>;
}

/// Why there is no answer. The texts are for the log, never for a client.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    /// The request did not reach the peer: repeating it is always safe.
    #[error("not sent: {0}")]
    NotSent(String),
    /// The request may or may not have taken effect: repeat only what is idempotent.
    #[error("outcome unknown: {0}")]
    OutcomeUnknown(String),
}
