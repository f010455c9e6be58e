//! Routes requests to components.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};

use http::header::{CONTENT_LENGTH, HOST, HeaderName, HeaderValue};
use http::uri::{Authority, Scheme};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use tokio::sync::Semaphore;
use wasmtime_wasi_http::handler::ProxyHandler;
use wasmtime_wasi_http::{Error, WasiBody};

use crate::instances::Factory;
use crate::outbound::sibling_of;
use crate::route::{Pattern, find};

/// Further requests wait: Wasmtime's handler itself has no backpressure.
const MAX_REQUESTS_AT_ONCE: usize = 1024;

/// The paths that Spin reserves.
const WELL_KNOWN: &str = "/.well-known/spin/";

/// The client address that a component sees when a sibling calls.
const SIBLING: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);

/// The components and their routes.
pub(crate) struct Router {
    components: BTreeMap<String, ProxyHandler<Factory>>,
    routes: Vec<(Pattern, String)>,
    permits: Semaphore,
}

impl Router {
    pub(crate) fn new(
        components: BTreeMap<String, ProxyHandler<Factory>>,
        routes: Vec<(Pattern, String)>,
    ) -> Self {
        Self { components, routes, permits: Semaphore::new(MAX_REQUESTS_AT_ONCE) }
    }

    /// Answers a request of an HTTP client.
    pub(crate) async fn answer(
        &self,
        mut request: Request<WasiBody>,
        client: SocketAddr,
    ) -> Response<WasiBody> {
        match request.uri().path().strip_prefix(WELL_KNOWN) {
            Some("health") => return text(StatusCode::OK, "OK"),
            Some(_) => return text(StatusCode::NOT_FOUND, ""),
            None => (),
        }
        let Some((pattern, name)) = find(&self.routes, request.uri().path()) else {
            return text(StatusCode::NOT_FOUND, "");
        };
        if let Err(status) = make_absolute(&mut request) {
            return text(status, "");
        }
        append_spin_headers(&mut request, pattern, client);
        let Ok(_permit) = self.permits.acquire().await else {
            return text(StatusCode::SERVICE_UNAVAILABLE, "");
        };
        match self.components.get(name) {
            Some(handler) => call(name, handler, request).await,
            None => text(StatusCode::INTERNAL_SERVER_ERROR, ""),
        }
    }

    /// Answers a request of a sibling. It needs no permit: its caller has one, and waiting for another could deadlock.
    pub(crate) async fn chain(
        &self,
        name: &str,
        mut request: Request<WasiBody>,
    ) -> Result<Response<WasiBody>, Error> {
        let handler = self.components.get(name).ok_or(Error::DestinationNotFound)?;
        request.headers_mut().remove(HOST);
        append_spin_headers(&mut request, &Pattern::any(), SIBLING);
        Ok(call(name, handler, request).await)
    }
}

/// Calls a component. If it fails, the answer is 500, also for a sibling, as on Spin.
async fn call(name: &str, handler: &ProxyHandler<Factory>, request: Request<WasiBody>) -> Response<WasiBody> {
    match handler.handle((), request).await {
        Ok(response) => response,
        Err(error) => {
            crate::log(&format!("{name}: the request failed: {error:#}"));
            text(StatusCode::INTERNAL_SERVER_ERROR, "")
        }
    }
}

/// Replaces hyper's `/path` by the `http://host/path` that a guest expects. Wasmtime removes the headers of the connection,
/// and `host`.
fn make_absolute(request: &mut Request<WasiBody>) -> Result<(), StatusCode> {
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok());
    let authority: Authority = match (request.uri().authority(), host) {
        (Some(authority), _) => authority.clone(),
        (None, Some(host)) => host.parse().map_err(|_| StatusCode::BAD_REQUEST)?,
        (None, None) => return Err(StatusCode::BAD_REQUEST),
    };
    // Only a component may address a sibling. Spin rejects such a request for its missing host.
    if sibling_of(authority.host()).is_some() {
        return Err(StatusCode::BAD_REQUEST);
    }
    let mut parts = request.uri().clone().into_parts();
    parts.scheme = Some(Scheme::HTTP);
    parts.authority = Some(authority);
    *request.uri_mut() = parts.try_into().map_err(|_| StatusCode::BAD_REQUEST)?;
    Ok(())
}

/// Appends Spin's headers. A client may send headers of the same names; they come first, so only the last value is Spin's.
fn append_spin_headers(request: &mut Request<WasiBody>, pattern: &Pattern, client: SocketAddr) {
    let path = request.uri().path().to_owned();
    let path_and_query = request.uri().path_and_query().map_or("/", |both| both.as_str());
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    let full_url = format!("http://{host}{path_and_query}");
    let headers = [
        ("spin-path-info", pattern.rest(&path).unwrap_or_default().to_owned()),
        ("spin-full-url", full_url),
        ("spin-matched-route", pattern.raw().to_owned()),
        ("spin-base-path", "/".to_owned()),
        ("spin-raw-component-route", pattern.raw().to_owned()),
        ("spin-component-route", pattern.prefix().to_owned()),
        ("spin-client-addr", client.to_string()),
    ];
    for (name, value) in headers {
        if let Ok(value) = HeaderValue::try_from(value) {
            request.headers_mut().append(HeaderName::from_static(name), value);
        }
    }
}

fn text(status: StatusCode, text: &'static str) -> Response<WasiBody> {
    let mut response = Response::new(Full::from(text).map_err(Error::from).boxed_unsync());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(text.len()));
    response
}
