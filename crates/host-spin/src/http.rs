use bytes::{Bytes, BytesMut};
use capability::http::MAX_RESPONSE_BYTES;
use capability::{Http, HttpError};
use futures_util::StreamExt as _;
use http::header::{CONTENT_LENGTH, HeaderValue};
use http_body_util::{BodyExt as _, Full};
use spin_sdk::wasip3::http::types::ErrorCode;

use crate::SpinHost;
use crate::deadline::within;

impl<D> Http for SpinHost<D> {
    async fn send(&self, mut request: http::Request<Bytes>) -> Result<http::Response<Bytes>, HttpError> {
        // Without a length the body is sent in chunks, and the last one waits 40 ms for a delayed acknowledgement.
        let length = HeaderValue::from(request.body().len());
        request.headers_mut().insert(CONTENT_LENGTH, length);
        match within(self.call_timeout, exchange(request)).await {
            Some(result) => result,
            None => Err(HttpError::OutcomeUnknown(format!("no response within {:?}", self.call_timeout))),
        }
    }
}

async fn exchange(request: http::Request<Bytes>) -> Result<http::Response<Bytes>, HttpError> {
    let response = spin_sdk::http::send(request.map(Full::new)).await.map_err(|code| to_http_error(&code))?;
    let (parts, body) = response.into_parts();
    let mut chunks = body.into_data_stream();
    let mut whole = BytesMut::new();
    while let Some(chunk) = chunks.next().await {
        let chunk =
            chunk.map_err(|code| HttpError::OutcomeUnknown(format!("the response broke off: {code:?}")))?;
        if whole.len().saturating_add(chunk.len()) > MAX_RESPONSE_BYTES {
            return Err(HttpError::OutcomeUnknown("the response is too large".to_owned()));
        }
        whole.extend_from_slice(&chunk);
    }
    Ok(http::Response::from_parts(parts, whole.freeze()))
}

/// A request is known not to have been sent only if it failed before a connection was established.
fn to_http_error(code: &ErrorCode) -> HttpError {
    match code {
        ErrorCode::DnsTimeout
        | ErrorCode::DnsError(_)
        | ErrorCode::DestinationNotFound
        | ErrorCode::DestinationUnavailable
        | ErrorCode::DestinationIpProhibited
        | ErrorCode::DestinationIpUnroutable
        | ErrorCode::ConnectionRefused
        | ErrorCode::ConnectionTimeout
        | ErrorCode::ConnectionLimitReached
        | ErrorCode::TlsProtocolError
        | ErrorCode::TlsCertificateError
        | ErrorCode::HttpRequestDenied => HttpError::NotSent(format!("{code:?}")),
        _ => HttpError::OutcomeUnknown(format!("{code:?}")),
    }
}
