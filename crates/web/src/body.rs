use std::pin::Pin;

use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt};

/// The body of a request, a stream of chunks: a chunked body has no length until it ends.
pub struct Body(Pin<Box<dyn Stream<Item = Result<Bytes, BodyError>>>>);

/// The client stopped sending, or the transport failed.
#[derive(Debug, Clone)]
pub struct BodyError(pub String);

/// Why the body cannot be used.
#[derive(Debug)]
pub(crate) enum ReadError {
    TooLarge,
    Broken(BodyError),
}

impl Body {
    /// Creates a body from its chunks.
    pub fn stream(chunks: impl Stream<Item = Result<Bytes, BodyError>> + 'static) -> Self {
        Self(Box::pin(chunks))
    }

    /// Creates a body that has been received already.
    pub fn full(bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        Self::stream(futures_util::stream::once(async { Ok(bytes) }))
    }

    /// Creates an empty body.
    #[must_use]
    pub fn empty() -> Self {
        Self::stream(futures_util::stream::empty())
    }

    /// Reads the whole body and stops at the first chunk that exceeds `limit`. Spin itself sets no limit.
    pub(crate) async fn read(mut self, limit: usize) -> Result<Bytes, ReadError> {
        let mut whole = BytesMut::new();
        while let Some(chunk) = self.0.next().await {
            let chunk = chunk.map_err(ReadError::Broken)?;
            if whole.len().saturating_add(chunk.len()) > limit {
                return Err(ReadError::TooLarge);
            }
            whole.extend_from_slice(&chunk);
        }
        Ok(whole.freeze())
    }
}

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Body(..)")
    }
}
