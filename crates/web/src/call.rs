use std::net::{IpAddr, SocketAddr};

use bytes::Bytes;
use capability::TraceContext;
use http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue, IF_MATCH, IF_NONE_MATCH};
use http::{HeaderMap, StatusCode, Uri};
use kernel::ExpectedVersion;
use kernel::fields::Fields;
use subtle::ConstantTimeEq as _;

use crate::body::ReadError;
use crate::route::Params;
use crate::{Body, Cursors, Problem, Query};

/// The largest JSON body of a request, in bytes: 64 KiB.
pub const MAX_BODY_BYTES: usize = 64 * 1024;

/// A request that has been routed and whose body has not been read yet.
#[derive(Debug)]
pub struct Call {
    /// The request's headers.
    pub headers: HeaderMap,
    pub(crate) params: Params,
    pub(crate) trace: TraceContext,
    pub(crate) peer: Option<IpAddr>,
    pub(crate) trusted_hops: usize,
    pub(crate) cursors: Cursors,
    pub(crate) uri: Uri,
    pub(crate) body: Body,
}

impl Call {
    /// Returns the path and the query as they were sent.
    #[must_use]
    pub fn address(&self) -> &str {
        self.uri.path_and_query().map_or("/", |address| address.as_str())
    }

    /// Parses the query parameters.
    #[must_use]
    pub fn query(&self) -> Query {
        Query::parse(self.uri.query().unwrap_or_default())
    }

    /// Returns the context for the requests that this request causes.
    #[must_use]
    pub fn trace_context(&self) -> TraceContext {
        self.trace.clone()
    }

    /// Returns the segment of the path at the placeholder `name`; empty if the route has no such placeholder.
    #[must_use]
    pub fn param(&self, name: &str) -> &str {
        self.params.get(name).unwrap_or_default()
    }

    /// Parses the id at the placeholder `name`. `resource` names what it identifies.
    ///
    /// # Errors
    /// 400 if it is not a whole number; 404 for a number that is not the id of any resource.
    pub fn id<T: TryFrom<i64>>(&self, name: &str, resource: &str) -> Result<T, Problem> {
        let text = self.param(name);
        let is_canonical = text == "0" || !text.starts_with(['0', '+']);
        let digits = text.strip_prefix('-').unwrap_or(text);
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) || !is_canonical {
            // The API reports every id of a path under this name.
            return Err(Problem::invalid_parameter("id", "must be a whole number"));
        }
        let number = text.parse::<i64>().ok();
        number.and_then(|number| T::try_from(number).ok()).ok_or_else(|| Problem::not_found(resource))
    }

    /// Returns the bearer token.
    ///
    /// # Errors
    /// 401 without one.
    pub fn bearer(&self) -> Result<&str, Problem> {
        self.optional_bearer()?.ok_or_else(|| {
            Problem::unauthorized(
                "missing-token",
                "send the header `Authorization: Bearer <token>`; log in to get one",
            )
        })
    }

    /// Returns the bearer token, or `None` without an `Authorization` header.
    ///
    /// # Errors
    /// 401 for a header in another form.
    pub fn optional_bearer(&self) -> Result<Option<&str>, Problem> {
        let Some(value) = self.headers.get(AUTHORIZATION) else { return Ok(None) };
        let credentials = value.to_str().ok().and_then(|value| value.split_once(' '));
        match credentials {
            // The scheme is case-insensitive (RFC 9110 section 11.1).
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") && !token.trim().is_empty() => {
                Ok(Some(token.trim()))
            }
            _ => Err(Problem::unauthorized(
                "invalid-token",
                "the Authorization header is not `Bearer <token>`",
            )),
        }
    }

    /// Rejects a request without the service token, 401. Without a configured token it rejects every request.
    pub(crate) fn require_service(&self, service_token: &str) -> Result<(), Problem> {
        let presented = self.bearer()?;
        if service_token.is_empty() || !bool::from(presented.as_bytes().ct_eq(service_token.as_bytes())) {
            return Err(Problem::unauthorized("invalid-token", "this route is for the other services only"));
        }
        Ok(())
    }

    /// Returns the client's address: the peer of the connection or, behind trusted proxies, the peer of the outermost one.
    ///
    /// Each proxy appends the address of its peer to `x-forwarded-for`. Counting from the end ignores the entries that a
    /// client has made up. A request that bypassed the proxies has too few entries and is known by its own peer.
    #[must_use]
    pub fn client_address(&self) -> Option<IpAddr> {
        let hop = self.trusted_hops.checked_sub(1);
        hop.and_then(|hop| self.forwarded_for(hop)).or(self.peer)
    }

    /// Returns the address `hop` places before the last one in `x-forwarded-for`.
    fn forwarded_for(&self, hop: usize) -> Option<IpAddr> {
        let values = self.headers.get_all("x-forwarded-for").iter().rev();
        let mut entries =
            values.filter_map(|value| value.to_str().ok()).flat_map(|value| value.rsplit(',').map(str::trim));
        parse_address(entries.nth(hop)?)
    }

    /// Returns the versions in `If-Match`, any version without the header or with `*`.
    ///
    /// The comparison is strong: a weak tag matches no version (RFC 9110 section 13.1.1). A tag is a version, or a version,
    /// a hyphen and a digest.
    #[must_use]
    pub fn expected_version(&self) -> ExpectedVersion {
        let values: Vec<&HeaderValue> = self.headers.get_all(IF_MATCH).iter().collect();
        let text = values.iter().filter_map(|value| value.to_str().ok());
        let tags: Vec<&str> = text.flat_map(|value| value.split(',')).map(str::trim).collect();
        if values.is_empty() || tags.contains(&"*") {
            return ExpectedVersion::Any;
        }
        let unquoted = |tag: &&str| Some(tag.strip_prefix('"')?.strip_suffix('"')?.to_owned());
        let version = |tag: String| tag.split('-').next().unwrap_or_default().to_owned();
        ExpectedVersion::OneOf(tags.iter().filter_map(unquoted).map(version).collect())
    }

    /// Returns whether the client has the version `tag` (without quotes) already. The comparison is weak (RFC 9110 section
    /// 13.1.2).
    #[must_use]
    pub fn has_version(&self, tag: &str) -> bool {
        let Some(known) = self.headers.get(IF_NONE_MATCH).and_then(|value| value.to_str().ok()) else {
            return false;
        };
        known.split(',').map(str::trim).any(|candidate| {
            let candidate = candidate.strip_prefix("W/").unwrap_or(candidate);
            candidate == "*" || candidate.trim_matches('"') == tag
        })
    }

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

/// Parses an IP address, with or without a port.
fn parse_address(text: &str) -> Option<IpAddr> {
    text.parse::<SocketAddr>().map(|socket| socket.ip()).or_else(|_| text.parse()).ok()
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

#[cfg(test)]
impl Call {
    pub(crate) fn test() -> Self {
        Self {
            headers: HeaderMap::new(),
            params: Params::default(),
            trace: TraceContext::default(),
            peer: None,
            trusted_hops: 0,
            cursors: Cursors::new("secret"),
            uri: Uri::default(),
            body: Body::empty(),
        }
    }
}
