//! The headers that every response has.

use bytes::Bytes;
use capability::REQUEST_ID;
use http::header::{
    CACHE_CONTROL, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, HeaderValue, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use http::{Response, StatusCode};

/// Adds the length, the security headers and the id of the request.
pub(crate) fn add_standard_headers(response: &mut Response<Bytes>, request_id: &str) {
    // RFC 9110 section 8.6 forbids content-length on a 204, and on a 304 it would have to be that of the 200. Neither has a
    // body, so neither has the chunked tail that stalls a kept-alive connection; every other response needs the header.
    let is_bodiless = matches!(response.status(), StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    let length = response.body().len();
    let headers = response.headers_mut();
    if !is_bodiless {
        headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let policy = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
    headers.insert(CONTENT_SECURITY_POLICY, policy);
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    if let Ok(id) = HeaderValue::from_str(request_id) {
        headers.insert(REQUEST_ID, id);
    }
}
