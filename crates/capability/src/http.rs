//! The [`Http`] capability: one request, one complete response, within the host's time limit.

use bytes::Bytes;

/// The largest response that is read, in bytes: a page of documents fits, and a faulty peer cannot fill the memory.
pub const MAX_RESPONSE_BYTES: usize = 8 * 1024 * 1024;

/// Outbound HTTP to the hosts that the manifest lists.
pub trait Http {
    /// Sends the request and reads the complete response. The host's time limit covers connecting, sending and reading.
    ///
    /// Every status is an `Ok`: only the caller knows which of them are failures.
    ///
    /// # Errors
    /// A request may have taken effect although no response arrived; see [`HttpError::OutcomeUnknown`].
    fn send(
        &self,
        request: ::http::Request<Bytes>,
    ) -> impl Future<Output = Result<::http::Response<Bytes>, HttpError>>;
}

/// Why there is no response. The texts are for the log, never for a client.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    /// The request did not reach the peer: it is always safe to repeat.
    #[error("not sent: {0}")]
    NotSent(String),
    /// The request may or may not have taken effect: only an idempotent request is safe to repeat.
    #[error("outcome unknown: {0}")]
    OutcomeUnknown(String),
}
