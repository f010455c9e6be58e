use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, HeaderValue, ORIGIN, VARY,
};
use http::{HeaderMap, Method};

/// The browsers' origins that may call: exact ones, so neither a prefix nor a suffix nor `null` gets in.
#[derive(Debug, Default, Clone)]
pub struct Origins(Vec<String>);

impl Origins {
    /// Reads a comma separated list.
    #[must_use]
    pub fn parse(list: &str) -> Self {
        Self(list.split(',').map(str::trim).filter(|origin| !origin.is_empty()).map(str::to_owned).collect())
    }

    /// The client's origin, if it may call.
    fn allowed<'h>(&self, request: &'h HeaderMap) -> Option<&'h HeaderValue> {
        let origin = request.get(ORIGIN)?;
        self.0.iter().any(|allowed| allowed.as_bytes() == origin.as_bytes()).then_some(origin)
    }

    /// Adds to any answer what a browser needs to hand it to its page.
    pub(crate) fn grant(&self, request: &HeaderMap, answer: &mut HeaderMap) {
        if self.0.is_empty() {
            return;
        }
        // Also without an origin: a cache must not give one origin's answer to another.
        answer.append(VARY, HeaderValue::from_static("Origin"));
        if let Some(origin) = self.allowed(request) {
            answer.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            answer.insert(
                ACCESS_CONTROL_EXPOSE_HEADERS,
                HeaderValue::from_static(
                    "etag, idempotent-replayed, location, ratelimit, ratelimit-policy, retry-after, x-cart-token, \
                     x-next-cursor, x-request-id",
                ),
            );
        }
    }

    /// Adds to the answer of a preflight which `methods` and headers may be used.
    pub(crate) fn grant_preflight(&self, request: &HeaderMap, methods: &[&Method], answer: &mut HeaderMap) {
        if self.allowed(request).is_none() {
            return;
        }
        let methods: Vec<&str> = methods.iter().map(|method| method.as_str()).collect();
        if let Ok(methods) = HeaderValue::try_from(methods.join(", ")) {
            answer.insert(ACCESS_CONTROL_ALLOW_METHODS, methods);
        }
        answer.insert(
            ACCESS_CONTROL_ALLOW_HEADERS,
            HeaderValue::from_static(
                "authorization, content-type, idempotency-key, if-match, if-none-match, x-cart-token, x-request-id",
            ),
        );
        answer.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    }
}
