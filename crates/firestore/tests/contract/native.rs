//! The capabilities outside of the sandbox.

use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use bytes::Bytes;
use capability::{Clock, Entropy, Http, HttpError};
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use kernel::Timestamp;

pub(crate) struct Native {
    client: Client<HttpConnector, Full<Bytes>>,
    counter: AtomicU8,
}

impl Native {
    pub(crate) fn new() -> Self {
        Self { client: Client::builder(TokioExecutor::new()).build_http(), counter: AtomicU8::new(0) }
    }
}

impl Http for Native {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let response = self.client.request(request.map(Full::new)).await;
        let response = response.map_err(|error| match error.is_connect() {
            true => HttpError::NotSent(error.to_string()),
            false => HttpError::OutcomeUnknown(error.to_string()),
        })?;
        let (parts, body) = response.into_parts();
        let body = body.collect().await.map_err(|error| HttpError::OutcomeUnknown(error.to_string()))?;
        Ok(Response::from_parts(parts, body.to_bytes()))
    }
}

impl Clock for Native {
    fn now(&self) -> Timestamp {
        Timestamp::default()
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

impl Entropy for Native {
    fn bytes<const N: usize>(&self) -> [u8; N] {
        [self.counter.fetch_add(37, Ordering::Relaxed); N]
    }
}
