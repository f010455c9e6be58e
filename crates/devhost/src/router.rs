//! From a request to the component that answers it.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use http::header::{CONNECTION, CONTENT_LENGTH, HOST, HeaderName, HeaderValue};
use http::uri::{Authority, Scheme};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use tokio::sync::Semaphore;
use wasmtime_wasi_http::handler::ProxyHandler;
use wasmtime_wasi_http::{Error, WasiBody};

use crate::instances::Factory;
use crate::route::{Pattern, find};

/// Requests beyond these wait for their turn: the handler itself has no backpressure.
const MAX_REQUESTS_AT_ONCE: usize = 1024;

/// The components and the routes to them.
pub(crate) struct Router {
    components: BTreeMap<String, ProxyHandler<Factory>>,
    routes: Vec<(Pattern, String)>,
    turns: Semaphore,
}

impl Router {
    pub(crate) fn new(
        components: BTreeMap<String, ProxyHandler<Factory>>,
        routes: Vec<(Pattern, String)>,
    ) -> Self {
        Self { components, routes, turns: Semaphore::new(MAX_REQUESTS_AT_ONCE) }
    }

    /// Answers a request from outside.
    pub(crate) async fn answer(
        &self,
        mut request: Request<WasiBody>,
        client: SocketAddr,
    ) -> Response<WasiBody> {
        if request.uri().path() == "/.well-known/spin/health" {
            return text(StatusCode::OK, "OK");
        }
        let Some((pattern, name)) = find(&self.routes, request.uri().path()) else {
            return text(StatusCode::NOT_FOUND, "");
        };
        if let Err(status) = make_absolute(&mut request) {
            return text(status, "");
        }
        append_spin_headers(&mut request, pattern, client);
        let Ok(_turn) = self.turns.acquire().await else { return text(StatusCode::SERVICE_UNAVAILABLE, "") };
        match self.call_component(name, request).await {
            Ok(response) => response,
            Err(error) => {
                crate::log(&format!("{name}: the request failed: {error}"));
                text(StatusCode::INTERNAL_SERVER_ERROR, "")
            }
        }
    }

    /// Calls a component, from outside or from a sibling.
    pub(crate) async fn call_component(
        &self,
        name: &str,
        request: Request<WasiBody>,
    ) -> Result<Response<WasiBody>, Error> {
        let handler = self.components.get(name).ok_or(Error::DestinationNotFound)?;
        handler.handle((), request).await.map_err(|error| Error::InternalError(Some(format!("{error:#}"))))
    }
}

/// hyper hands over `/path`, a guest wants `http://host/path`.
fn make_absolute(request: &mut Request<WasiBody>) -> Result<(), StatusCode> {
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok());
    let authority: Authority = match (request.uri().authority(), host) {
        (Some(authority), _) => authority.clone(),
        (None, Some(host)) => host.parse().map_err(|_| StatusCode::BAD_REQUEST)?,
        (None, None) => return Err(StatusCode::BAD_REQUEST),
    };
    let mut parts = request.uri().clone().into_parts();
    parts.scheme = Some(Scheme::HTTP);
    parts.authority = Some(authority);
    *request.uri_mut() = parts.try_into().map_err(|_| StatusCode::BAD_REQUEST)?;
    request.headers_mut().remove(HOST);
    request.headers_mut().remove(CONNECTION);
    Ok(())
}

/// Appends, as Spin does: what the client sends under these names stands before, so only the last value is Spin's.
fn append_spin_headers(request: &mut Request<WasiBody>, pattern: &Pattern, client: SocketAddr) {
    let path = request.uri().path().to_owned();
    let told = [
        ("spin-path-info", pattern.rest(&path).unwrap_or_default().to_owned()),
        ("spin-full-url", request.uri().to_string()),
        ("spin-matched-route", pattern.raw().to_owned()),
        ("spin-base-path", "/".to_owned()),
        ("spin-raw-component-route", pattern.raw().to_owned()),
        ("spin-component-route", pattern.prefix().to_owned()),
        ("spin-client-addr", client.to_string()),
    ];
    for (name, value) in told {
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
