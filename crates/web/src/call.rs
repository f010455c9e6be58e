use std::net::{IpAddr, SocketAddr};

use capability::TraceContext;
use http::header::AUTHORIZATION;
use http::{HeaderMap, Uri};
use subtle::ConstantTimeEq as _;

use crate::route::Params;
use crate::{Body, Cursors, Problem, Query};

/// Reads the address of the connection's other end from the headers that the host has added.
pub type ReadPeer = fn(&HeaderMap) -> Option<IpAddr>;

/// A request that has been routed and whose body has not been read yet.
#[derive(Debug)]
pub struct Call {
    /// The request's headers.
    pub headers: HeaderMap,
    pub(crate) params: Params,
    pub(crate) trace: TraceContext,
    pub(crate) peer: ReadPeer,
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
        hop.and_then(|hop| self.forwarded_for(hop)).or_else(|| (self.peer)(&self.headers))
    }

    /// Returns the address `hop` places before the last one in `x-forwarded-for`.
    fn forwarded_for(&self, hop: usize) -> Option<IpAddr> {
        let values = self.headers.get_all("x-forwarded-for").iter().rev();
        let mut entries =
            values.filter_map(|value| value.to_str().ok()).flat_map(|value| value.rsplit(',').map(str::trim));
        parse_address(entries.nth(hop)?)
    }
}

/// Parses an IP address, with or without a port.
fn parse_address(text: &str) -> Option<IpAddr> {
    text.parse::<SocketAddr>().map(|socket| socket.ip()).or_else(|_| text.parse()).ok()
}

#[cfg(test)]
impl Call {
    pub(crate) fn test() -> Self {
        Self {
            headers: HeaderMap::new(),
            params: Params::default(),
            trace: TraceContext::default(),
            peer: |_| None,
            trusted_hops: 0,
            cursors: Cursors::new("secret"),
            uri: Uri::default(),
            body: Body::empty(),
        }
    }
}
