use http::{HeaderMap, HeaderName, HeaderValue};

/// The header that carries the id of a request.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The header that carries the place of a request in its trace (W3C Trace Context level 1).
pub const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// The id and the trace of the request that is being served, to be attached to the requests that it causes.
///
/// The default is no context: requests of a job or a test.
#[derive(Debug, Default, Clone)]
pub struct TraceContext {
    request_id: Option<HeaderValue>,
    traceparent: Option<HeaderValue>,
}

impl TraceContext {
    /// Creates the context of a request. A value that cannot stand in a header is left out.
    #[must_use]
    pub fn new(request_id: &str, traceparent: &str) -> Self {
        Self {
            request_id: HeaderValue::from_str(request_id).ok(),
            traceparent: HeaderValue::from_str(traceparent).ok(),
        }
    }

    /// Adds the context to the headers of an outbound request.
    pub fn apply(&self, headers: &mut HeaderMap) {
        if let Some(request_id) = &self.request_id {
            headers.insert(REQUEST_ID, request_id.clone());
        }
        if let Some(traceparent) = &self.traceparent {
            headers.insert(TRACEPARENT, traceparent.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_context_adds_its_valid_headers_only() {
        let mut headers = HeaderMap::new();
        TraceContext::new("abc-1", "00-a-b-01").apply(&mut headers);
        assert_eq!(
            (&headers["x-request-id"], &headers["traceparent"]),
            (&"abc-1".parse().unwrap(), &"00-a-b-01".parse().unwrap())
        );
        let mut headers = HeaderMap::new();
        TraceContext::new("a\r\nb", "").apply(&mut headers);
        assert!(!headers.contains_key("x-request-id"));
        TraceContext::default().apply(&mut headers);
        assert_eq!(headers.len(), 1);
    }
}
