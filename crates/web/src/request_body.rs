//! The body of a request: its limits and its JSON.

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, StatusCode};
use kernel::fields::Fields;

use crate::body::ReadError;
use crate::{Body, Call, Problem};

/// The largest JSON body of a request, in bytes: 64 KiB.
pub const MAX_BODY_BYTES: usize = 64 * 1024;

impl Call {
    /// Reads the body, at most `max` bytes of it.
    ///
    /// # Errors
    /// 413 for a larger body, whether or not it declares its length; 400 for an incomplete body.
    pub async fn bytes(&mut self, max: usize) -> Result<Bytes, Problem> {
        let declared =
            self.headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
        if declared.is_some_and(|length| length > max as u64) {
            return Err(body_too_large(max));
        }
        let body = std::mem::replace(&mut self.body, Body::empty());
        body.read(max).await.map_err(|error| match error {
            ReadError::TooLarge => body_too_large(max),
            ReadError::Broken(cause) => {
                Problem::new(StatusCode::BAD_REQUEST, "incomplete-body", "the body did not arrive whole")
                    .caused_by(cause.0)
            }
        })
    }

    /// Returns the content type in lower case without its parameters; empty without a content type.
    #[must_use]
    pub fn media_type(&self) -> String {
        let content_type = self.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        content_type.and_then(|value| value.split(';').next()).unwrap_or_default().trim().to_lowercase()
    }

    /// Reads the body, which must be a JSON object.
    ///
    /// # Errors
    /// 415, 413, 400 or 422.
    pub async fn json(&mut self) -> Result<Fields, Problem> {
        let fields = self.optional_json().await?;
        fields.ok_or_else(|| {
            Problem::new(StatusCode::BAD_REQUEST, "malformed-json", "the body is empty; send JSON")
        })
    }

    /// Reads the body, a JSON object, if there is one.
    ///
    /// # Errors
    /// 415, 413, 400 or 422.
    pub async fn optional_json(&mut self) -> Result<Option<Fields>, Problem> {
        let bytes = self.bytes(MAX_BODY_BYTES).await?;
        if bytes.is_empty() && !self.headers.contains_key(CONTENT_TYPE) {
            return Ok(None);
        }
        if !is_json(&self.headers) {
            return Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported-media-type",
                "send the body as content-type: application/json",
            ));
        }
        if bytes.is_empty() { Ok(None) } else { parse_object(&bytes).map(Some) }
    }
}

fn parse_object(body: &Bytes) -> Result<Fields, Problem> {
    let value = serde_json::from_slice(body).map_err(|error| {
        Problem::new(StatusCode::BAD_REQUEST, "malformed-json", format!("the body is not JSON: {error}"))
    })?;
    Ok(Fields::from_value(value)?)
}

fn body_too_large(max: usize) -> Problem {
    let detail = format!("a body may have at most {max} bytes here");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body-too-large", detail)
}

fn is_json(headers: &HeaderMap) -> bool {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut parts = content_type.split(';').map(str::trim);
    let is_utf8 = |parameter: &str| match parameter.split_once('=') {
        Some((name, value)) if name.eq_ignore_ascii_case("charset") => {
            value.trim_matches('"').eq_ignore_ascii_case("utf-8")
        }
        _ => true,
    };
    parts.next().is_some_and(|essence| essence.eq_ignore_ascii_case("application/json")) && parts.all(is_utf8)
}
