//! Sends outbound `wasi:http` requests: checks the allow list, pools connections, and calls sibling components in process.

use std::collections::BTreeMap;
use std::error::Error as _;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::time::Duration;

use http::uri::Scheme;
use http::{Request, Response};
use http_body_util::BodyExt as _;
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks};

use crate::allow::default_port;
use crate::guest::Component;
use crate::read_timeout::ReadTimeoutBody;
use crate::router::Router;

/// The suffix of the host names of components of the same application.
const SIBLING_SUFFIX: &str = ".spin.internal";

/// The limit on each step of a request unless the guest sets one, as on Spin.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(600);

type HttpClient = Client<HttpsConnector<HttpConnector>, WasiBody>;
type Answer = Result<Response<WasiBody>, Error>;
type IoResult = Box<dyn Future<Output = Result<(), Error>> + Send>;

/// The outbound HTTP client, shared by all components.
pub(crate) struct Outbound {
    /// By connect timeout, which hyper sets per client. A component uses one timeout, if any.
    clients: Mutex<BTreeMap<Duration, HttpClient>>,
    router: OnceLock<Weak<Router>>,
}

impl Outbound {
    pub(crate) fn new() -> Self {
        Self { clients: Mutex::default(), router: OnceLock::new() }
    }

    /// Sets the router to the siblings, which is created after this.
    pub(crate) fn connect(&self, router: &Arc<Router>) {
        let _ = self.router.set(Arc::downgrade(router));
    }

    fn client(&self, connect_timeout: Duration) -> HttpClient {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        clients.entry(connect_timeout).or_insert_with(|| new_client(connect_timeout)).clone()
    }

    async fn send(&self, request: Request<WasiBody>, options: Option<RequestOptions>) -> Answer {
        let options = options.unwrap_or_default();
        let sibling = request.uri().host().and_then(sibling_of).map(str::to_owned);
        let exchange = async {
            match sibling {
                Some(name) => {
                    let router =
                        self.router.get().and_then(Weak::upgrade).ok_or(Error::DestinationNotFound)?;
                    router.chain(&name, request).await
                }
                None => {
                    let client = self.client(options.connect_timeout.unwrap_or(DEFAULT_TIMEOUT));
                    let response = client.request(request).await.map_err(|error| to_wasi_error(&error))?;
                    Ok(response.map(|body| body.map_err(Error::from).boxed_unsync()))
                }
            }
        };
        let first_byte = options.first_byte_timeout.unwrap_or(DEFAULT_TIMEOUT);
        let between_bytes = options.between_bytes_timeout.unwrap_or(DEFAULT_TIMEOUT);
        let response = tokio::time::timeout(first_byte, exchange).await;
        let response = response.unwrap_or(Err(Error::ConnectionReadTimeout))?;
        Ok(response.map(|body| ReadTimeoutBody::new(body, between_bytes).boxed_unsync()))
    }
}

impl std::fmt::Debug for Outbound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Outbound(..)")
    }
}

/// Returns the name of the component that a host name addresses, if it addresses one.
pub(crate) fn sibling_of(host: &str) -> Option<&str> {
    host.strip_suffix(SIBLING_SUFFIX)
}

fn new_client(connect_timeout: Duration) -> HttpClient {
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_connect_timeout(Some(connect_timeout));
    let connector = hyper_rustls::HttpsConnectorBuilder::new()
        .with_webpki_roots()
        .https_or_http()
        .enable_http1()
        .wrap_connector(tcp);
    Client::builder(TokioExecutor::new()).build(connector)
}

/// Converts an error of the client. Only an error of the connection attempt means that the peer did not receive the request.
fn to_wasi_error(error: &hyper_util::client::legacy::Error) -> Error {
    let mut cause = error.source();
    while let Some(inner) = cause {
        if let Some(io) = inner.downcast_ref::<std::io::Error>() {
            return match io.kind() {
                std::io::ErrorKind::ConnectionRefused => Error::ConnectionRefused,
                std::io::ErrorKind::TimedOut => Error::ConnectionTimeout,
                _ if error.is_connect() => Error::DestinationUnavailable,
                _ => Error::ConnectionTerminated,
            };
        }
        cause = inner.source();
    }
    if error.is_connect() { Error::DestinationUnavailable } else { Error::ConnectionTerminated }
}

/// Handles each outbound request of an instance.
pub(crate) struct Hooks {
    component: Arc<Component>,
}

impl Hooks {
    pub(crate) fn new(component: Arc<Component>) -> Self {
        Self { component }
    }
}

impl WasiHttpHooks for Hooks {
    fn send_request(
        &mut self,
        request: Request<WasiBody>,
        options: Option<RequestOptions>,
        _: IoResult,
    ) -> Box<dyn Future<Output = Result<(Response<WasiBody>, IoResult), Error>> + Send> {
        let component = Arc::clone(&self.component);
        Box::new(async move {
            let uri = request.uri();
            let scheme = uri.scheme().unwrap_or(&Scheme::HTTPS).as_str();
            let host = uri.host().ok_or(Error::HttpRequestUriInvalid)?;
            let port = uri.port_u16().or(default_port(scheme)).ok_or(Error::HttpRequestUriInvalid)?;
            if !component.allowed_hosts.allows(scheme, host, port) {
                crate::log(&format!(
                    "{}: {scheme}://{host}:{port} is not among its allowed_outbound_hosts",
                    component.name
                ));
                return Err(Error::HttpRequestDenied);
            }
            let response = component.outbound.send(request, options).await?;
            Ok((response, Box::new(async { Ok(()) }) as IoResult))
        })
    }
}
