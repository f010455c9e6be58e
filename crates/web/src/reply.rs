use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderName, HeaderValue, LOCATION};
use http::{HeaderMap, StatusCode};
use serde::Serialize;
use serde_json::Value;

use crate::Problem;

/// A page in its envelope. The items are finished JSON, and so is what else belongs to it, from a comma on.
#[must_use]
pub fn page_json(name: &str, items: &str, next: Option<String>, more: &str) -> String {
    // A cursor is base64url: nothing in it needs escaping.
    let next = next.map_or_else(|| "null".to_owned(), |cursor| format!("\"{cursor}\""));
    format!(r#"{{"{name}":{items},"nextCursor":{next}{more}}}"#)
}

/// A successful answer.
#[derive(Debug)]
pub struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) note: Option<Value>,
}

impl Reply {
    /// 204.
    #[must_use]
    pub fn no_content() -> Self {
        Self { status: StatusCode::NO_CONTENT, headers: HeaderMap::new(), body: Bytes::new(), note: None }
    }

    /// 304: the client's copy is still right.
    #[must_use]
    pub fn not_modified() -> Self {
        Self { status: StatusCode::NOT_MODIFIED, headers: HeaderMap::new(), body: Bytes::new(), note: None }
    }

    /// 200 with a body.
    ///
    /// # Errors
    /// 500 if the body cannot be written as JSON, a defect of ours.
    pub fn ok(body: &impl Serialize) -> Result<Self, Problem> {
        serde_json::to_string(body).map(Self::finished).map_err(Problem::internal)
    }

    /// 200 with JSON that is finished already, as a statement returns it.
    #[must_use]
    pub fn finished(json: String) -> Self {
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
        Self { status: StatusCode::OK, headers, body: json.into(), note: None }
    }

    /// 200 with a body that is no JSON.
    #[must_use]
    pub fn of_type(content_type: &'static str, body: impl Into<Bytes>) -> Self {
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(content_type))]);
        Self { status: StatusCode::OK, headers, body: body.into(), note: None }
    }

    /// The same answer with another status.
    #[must_use]
    pub fn with_status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// 201, with the address of what was created.
    #[must_use]
    pub fn created_at(self, location: &str) -> Self {
        self.with_status(StatusCode::CREATED).with_header(LOCATION, location)
    }

    /// Says who may keep the answer and for how long. Without it, nobody may.
    #[must_use]
    pub fn cached(self, cache_control: &'static str) -> Self {
        self.with_header(CACHE_CONTROL, cache_control)
    }

    /// Adds something to the request's log line, for whoever runs the service. Nothing that is secret, and nothing personal.
    #[must_use]
    pub fn noted(mut self, note: Value) -> Self {
        self.note = Some(note);
        self
    }

    /// Names this version of the resource; `tag` without quotes.
    #[must_use]
    pub fn tagged(self, tag: &str) -> Self {
        self.with_header(ETAG, &format!("\"{tag}\""))
    }

    /// Adds a header. A value that cannot stand in a header is left out: it would split the answer.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(name, value);
        }
        self
    }
}
