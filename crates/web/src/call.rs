use std::net::{IpAddr, SocketAddr};

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, IF_MATCH, IF_NONE_MATCH};
use http::{HeaderMap, StatusCode, Uri};
use subtle::ConstantTimeEq as _;

use crate::body::ReadError;
use crate::{Body, Fields, Params, Problem, Query, Trace};

/// The largest body of a request, in bytes: 64 KiB.
pub const MAX_BODY_BYTES: usize = 64 * 1024;

/// One request on its way to a handler: its route is known, its body is not read yet.
#[derive(Debug)]
pub struct Call {
    /// The request's headers.
    pub headers: HeaderMap,
    /// The placeholders of its route.
    pub params: Params,
    /// Its identity, for calls to other services.
    pub trace: Trace,
    pub(crate) uri: Uri,
    pub(crate) body: Body,
}

impl Call {
    /// The path and the query, as they were sent.
    #[must_use]
    pub fn address(&self) -> &str {
        self.uri.path_and_query().map_or("/", |address| address.as_str())
    }

    /// The query parameters.
    #[must_use]
    pub fn query(&self) -> Query {
        Query::parse(self.uri.query().unwrap_or_default())
    }

    /// The headers that carry this request's identity to other services.
    #[must_use]
    pub fn trace_headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        self.trace.apply(&mut headers);
        headers
    }

    /// The id that stands for the placeholder at `index`.
    ///
    /// # Errors
    /// 400 if it is not a whole number; 404 for a number that no `what` can have.
    pub fn id<T: TryFrom<i64>>(&self, index: usize, what: &str) -> Result<T, Problem> {
        let text = self.params.get(index);
        let is_canonical = text == "0" || !text.starts_with(['0', '+']);
        let digits = text.strip_prefix('-').unwrap_or(text);
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) || !is_canonical {
            return Err(Problem::invalid_parameter("id", "must be a whole number"));
        }
        let number = text.parse::<i64>().ok();
        number.and_then(|number| T::try_from(number).ok()).ok_or_else(|| Problem::not_found(what))
    }

    /// The bearer token.
    ///
    /// # Errors
    /// 401 if there is none.
    pub fn bearer(&self) -> Result<&str, Problem> {
        self.optional_bearer()?.ok_or_else(|| {
            Problem::unauthorized(
                "missing-token",
                "send the header `Authorization: Bearer <token>`; log in to get one",
            )
        })
    }

    /// The bearer token, if there is an `Authorization` header.
    ///
    /// # Errors
    /// 401 for a header of another form.
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

    /// Lets only the other services pass, which know `service_token`.
    ///
    /// # Errors
    /// 401; also if no service token is configured, so that a forgotten secret opens nothing.
    pub fn require_service(&self, service_token: &str) -> Result<(), Problem> {
        let presented = self.bearer()?;
        if service_token.is_empty() || !bool::from(presented.as_bytes().ct_eq(service_token.as_bytes())) {
            return Err(Problem::unauthorized("invalid-token", "this route is for the other services only"));
        }
        Ok(())
    }

    /// The client's address: what the host saw, or, behind `trusted_hops` proxies of ours, what the outermost of these saw.
    ///
    /// Spin appends its own `spin-client-addr` behind what the client may have sent, and each proxy appends to
    /// `x-forwarded-for`. So both are counted from the end, and what a client makes up in front of them changes nothing. A
    /// request that came past the proxies has too few entries, and is known by the address that the host saw.
    #[must_use]
    pub fn client_address(&self, trusted_hops: usize) -> Option<IpAddr> {
        let forwarded =
            trusted_hops.checked_sub(1).and_then(|hop| self.nth_from_last("x-forwarded-for", hop));
        forwarded.or_else(|| self.nth_from_last("spin-client-addr", 0))
    }

    /// The address that stands so many places before the last one in a header that is a list.
    fn nth_from_last(&self, header: &str, places: usize) -> Option<IpAddr> {
        let values = self.headers.get_all(header).iter().rev();
        let entry = values
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.rsplit(',').map(str::trim))
            .nth(places)?;
        entry.parse::<SocketAddr>().map(|socket| socket.ip()).or_else(|_| entry.parse()).ok()
    }

    /// The versions that `If-Match` names, `None` without the header or with `*`: what is changed must have one of them.
    /// Compares strongly, so a weak tag names nothing (RFC 9110 section 13.1.1).
    #[must_use]
    pub fn if_match(&self) -> Option<IfMatch> {
        let mut values = self.headers.get_all(IF_MATCH).iter().peekable();
        values.peek()?;
        let text: Vec<&str> = values.filter_map(|value| value.to_str().ok()).collect();
        let tags: Vec<&str> = text.iter().flat_map(|value| value.split(',')).map(str::trim).collect();
        if tags.contains(&"*") {
            return None;
        }
        let quoted = |tag: &str| Some(tag.strip_prefix('"')?.strip_suffix('"')?.to_owned());
        Some(IfMatch(tags.into_iter().filter_map(quoted).collect()))
    }

    /// Whether the client has the version `tag` (without quotes) already. Compares weakly (RFC 9110 section 13.1.2).
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

    /// The body as it is, at most `max` bytes of it.
    ///
    /// # Errors
    /// 413 for a larger one, also if that shows only while reading; 400 for one that breaks off.
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

    /// The content type without its parameters, in lower case; empty if there is none.
    #[must_use]
    pub fn media_type(&self) -> String {
        let content_type = self.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        content_type.and_then(|value| value.split(';').next()).unwrap_or_default().trim().to_lowercase()
    }

    /// The body, which must be a JSON object.
    ///
    /// # Errors
    /// 415, 413, 400 or 422.
    pub async fn json(&mut self) -> Result<Fields, Problem> {
        let fields = self.optional_json().await?;
        fields.ok_or_else(|| {
            Problem::new(StatusCode::BAD_REQUEST, "malformed-json", "the body is empty; send JSON")
        })
    }

    /// The body, if there is one.
    ///
    /// # Errors
    /// As [`Call::json`].
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
        if bytes.is_empty() { Ok(None) } else { Fields::parse(&bytes).map(Some) }
    }
}

/// The versions that a change may start from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IfMatch(Vec<String>);

impl IfMatch {
    /// Whether the client names this version.
    #[must_use]
    pub fn names(&self, version: &str) -> bool {
        self.0.iter().any(|tag| tag == version)
    }

    /// The versions in the tags, comma separated: a parameter for `string_to_array`. A tag is a version, or a version, a
    /// hyphen and a digest of what else is shown with it.
    #[must_use]
    pub fn versions(&self) -> String {
        let versions = self.0.iter().map(|tag| tag.split('-').next().unwrap_or_default());
        versions.collect::<Vec<_>>().join(",")
    }
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
