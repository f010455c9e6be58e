use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderName, HeaderValue, LOCATION};
use http::{HeaderMap, StatusCode};
use serde::Serialize;
use serde_json::Value;

use crate::Problem;

/// A successful response.
#[derive(Debug)]
pub struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) log_fields: Option<Value>,
}

impl Reply {
    /// Creates a response without a body, 204.
    #[must_use]
    pub fn no_content() -> Self {
        Self {
            status: StatusCode::NO_CONTENT,
            headers: HeaderMap::new(),
            body: Bytes::new(),
            log_fields: None,
        }
    }

    /// Creates the response that the client's copy is current, 304.
    #[must_use]
    pub fn not_modified() -> Self {
        Self {
            status: StatusCode::NOT_MODIFIED,
            headers: HeaderMap::new(),
            body: Bytes::new(),
            log_fields: None,
        }
    }

    /// Creates a response with a JSON body, 200.
    ///
    /// # Errors
    /// 500 if the body cannot be written as JSON.
    pub fn ok(body: &impl Serialize) -> Result<Self, Problem> {
        serde_json::to_string(body).map(Self::from_json).map_err(Problem::internal)
    }

    /// Creates a response from finished JSON, such as the result of a statement, 200.
    #[must_use]
    pub fn from_json(json: String) -> Self {
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
        Self { status: StatusCode::OK, headers, body: json.into(), log_fields: None }
    }

    /// Creates a response with another media type, 200.
    #[must_use]
    pub fn of_type(content_type: &'static str, body: impl Into<Bytes>) -> Self {
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(content_type))]);
        Self { status: StatusCode::OK, headers, body: body.into(), log_fields: None }
    }

    /// Sets the status.
    #[must_use]
    pub fn with_status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// Sets the status 201 and the `Location` of the created resource.
    #[must_use]
    pub fn created_at(self, location: &str) -> Self {
        self.with_status(StatusCode::CREATED).with_header(LOCATION, location)
    }

    /// Sets `Cache-Control`. Without it, the response is not cached.
    #[must_use]
    pub fn cached(self, cache_control: &'static str) -> Self {
        self.with_header(CACHE_CONTROL, cache_control)
    }

    /// Adds fields to the log line of the request. They must hold neither secrets nor personal data.
    #[must_use]
    pub fn with_log_fields(mut self, fields: Value) -> Self {
        self.log_fields = Some(fields);
        self
    }

    /// Sets the `ETag`; `tag` has no quotes.
    #[must_use]
    pub fn with_etag(self, tag: &str) -> Self {
        self.with_header(ETAG, &format!("\"{tag}\""))
    }

    /// Sets a header. A value that is not valid in a header is left out: it would split the response.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(name, value);
        }
        self
    }
}
