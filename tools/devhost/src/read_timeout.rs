//! A body that fails if its next frame does not arrive in time.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::Sleep;
use wasmtime_wasi_http::{Error, WasiBody};

/// A body with a time limit for each frame. The time between two reads is not counted.
pub(crate) struct ReadTimeoutBody {
    /// `None` after the timeout: the connection is closed at once, not when the guest drops the body.
    body: Option<WasiBody>,
    limit: Duration,
    wait: Option<Pin<Box<Sleep>>>,
}

impl ReadTimeoutBody {
    pub(crate) fn new(body: WasiBody, limit: Duration) -> Self {
        Self { body: Some(body), limit, wait: None }
    }
}

impl Body for ReadTimeoutBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let this = &mut *self;
        let Some(body) = &mut this.body else { return Poll::Ready(None) };
        if let Poll::Ready(frame) = Pin::new(body).poll_frame(context) {
            this.wait = None;
            return Poll::Ready(frame);
        }
        let limit = this.limit;
        let wait = this.wait.get_or_insert_with(|| Box::pin(tokio::time::sleep(limit)));
        ready!(wait.as_mut().poll(context));
        this.body = None;
        Poll::Ready(Some(Err(Error::ConnectionReadTimeout)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map(Body::size_hint).unwrap_or_default()
    }
}
