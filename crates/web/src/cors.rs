use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, HeaderValue, ORIGIN, VARY,
};
use http::{HeaderMap, Method};

/// The origins whose pages may call the service. They are compared exactly: no prefix, suffix or `null` matches.
#[derive(Debug, Default, Clone)]
pub struct Origins(Vec<String>);

impl Origins {
    /// Parses a comma separated list.
    #[must_use]
    pub fn parse(list: &str) -> Self {
        Self(list.split(',').map(str::trim).filter(|origin| !origin.is_empty()).map(str::to_owned).collect())
    }

    /// Returns the origin of the request, if it may call.
    fn allowed<'h>(&self, request: &'h HeaderMap) -> Option<&'h HeaderValue> {
        let origin = request.get(ORIGIN)?;
        self.0.iter().any(|allowed| allowed.as_bytes() == origin.as_bytes()).then_some(origin)
    }

    /// Adds the headers without which a browser withholds a response from its page.
    pub(crate) fn grant(&self, request: &HeaderMap, response: &mut HeaderMap) {
        if self.0.is_empty() {
            return;
        }
        // Also without an origin: a cache must not serve one origin's response to another.
        response.append(VARY, HeaderValue::from_static("Origin"));
        if let Some(origin) = self.allowed(request) {
            response.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            response.insert(
                ACCESS_CONTROL_EXPOSE_HEADERS,
                HeaderValue::from_static(
                    "etag, idempotent-replayed, location, ratelimit, ratelimit-policy, retry-after, x-cart-token, \
                     x-next-cursor, x-request-id",
                ),
            );
        }
    }

    /// Adds the allowed methods and headers to the response to a preflight request.
    pub(crate) fn grant_preflight(&self, request: &HeaderMap, methods: &[&Method], response: &mut HeaderMap) {
        if self.allowed(request).is_none() {
            return;
        }
        let methods: Vec<&str> = methods.iter().map(|method| method.as_str()).collect();
        if let Ok(methods) = HeaderValue::try_from(methods.join(", ")) {
            response.insert(ACCESS_CONTROL_ALLOW_METHODS, methods);
        }
        response.insert(
            ACCESS_CONTROL_ALLOW_HEADERS,
            HeaderValue::from_static(
                "authorization, content-type, idempotency-key, if-match, if-none-match, x-cart-token, x-request-id",
            ),
        );
        response.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    }
}
