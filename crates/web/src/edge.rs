//! The path of every request through the service, independent of its route.

use bytes::Bytes;
use capability::{Clock, Entropy, Misconfigured};
use http::header::{ACCESS_CONTROL_REQUEST_METHOD, ALLOW, CONTENT_TYPE, HeaderValue, ORIGIN};
use http::request::Parts;
use http::{HeaderMap, Method, Request, Response, StatusCode};

use crate::headers::add_standard_headers;
use crate::log::LogLine;
use crate::route::{RouteMatch, find};
use crate::trace::Trace;
use crate::{Body, Call, EdgeConfig, Origins, Problem, ReadPeer, Reply, Route};

/// A service: a table of routes and a function that dispatches to their handlers.
pub trait Service {
    /// The name of the service in the log: `users`.
    const NAME: &'static str;
    /// The identifier of a route, a plain enum.
    type RouteId: Copy + 'static;
    /// All routes.
    const ROUTES: &'static [Route<Self::RouteId>];

    /// Returns the host, for the clock and the ids of requests.
    fn host(&self) -> &(impl Clock + Entropy);

    /// Returns the configuration of the edge.
    fn edge(&self) -> &EdgeConfig;

    /// Invalidates what the service has cached. Called before and after every route that [writes](Route::writes).
    fn invalidate_caches(&self) {}

    /// Calls the handler of a route.
    fn dispatch(&self, route: Self::RouteId, call: Call) -> impl Future<Output = Result<Reply, Problem>>;
}

/// A response, and the line that the host writes to its log.
#[derive(Debug)]
pub struct Served {
    /// The response with its `content-length`, the id of the request and the security headers.
    pub response: Response<Bytes>,
    /// One JSON object without a line break.
    pub log_line: String,
}

/// Serves a request: finds its route, dispatches it, completes the response and writes the log line.
///
/// `peer` reads the address of the connection's other end from the headers that the host has added; few routes need it.
pub async fn serve<S: Service>(service: &S, request: Request<Body>, peer: ReadPeer) -> Served {
    let started = service.host().now();
    let edge = service.edge();
    let (parts, body) = request.into_parts();
    let trace = Trace::of_request(&parts.headers, service.host());
    let (route, outcome) = match find(S::ROUTES, &parts.method, parts.uri.path()) {
        RouteMatch::Route(route, params) => {
            let call = Call {
                headers: parts.headers.clone(),
                params,
                trace: trace.context(),
                peer,
                trusted_hops: edge.trusted_hops,
                cursors: edge.cursors.clone(),
                uri: parts.uri.clone(),
                body,
            };
            (Some(route.pattern), serve_route(service, route, call).await)
        }
        RouteMatch::OtherMethods(methods) => (None, reject_method(&edge.origins, &parts, methods)),
        RouteMatch::None => (None, Err(Problem::not_found("route"))),
    };
    let mut line = LogLine::new(S::NAME, &edge.gcp_project, &trace, &parts.method, route);
    let mut response = match outcome {
        Ok(mut reply) => {
            line.note = reply.log_fields.take();
            write_reply(reply)
        }
        Err(problem) => {
            line.code = Some(problem.code());
            line.cause = problem.cause().map(str::to_owned);
            write_problem(problem, &trace.request_id)
        }
    };
    add_standard_headers(&mut response, &trace.request_id);
    edge.origins.grant(&parts.headers, response.headers_mut());
    let duration_us = service.host().now().unix_micros().saturating_sub(started.unix_micros());
    Served { log_line: line.finish(response.status(), duration_us), response }
}

async fn serve_route<S: Service>(
    service: &S,
    route: &Route<S::RouteId>,
    call: Call,
) -> Result<Reply, Problem> {
    if route.is_service_only {
        call.require_service(&service.edge().service_token)?;
    }
    if !route.is_write {
        return service.dispatch(route.id, call).await;
    }
    service.invalidate_caches();
    let outcome = service.dispatch(route.id, call).await;
    // Another request may have cached the state before the write while the write was running.
    service.invalidate_caches();
    outcome
}

/// Serves any request to a service that cannot start: 503, with every faulty variable in the log.
#[must_use]
pub fn misconfigured(service: &'static str, fault: &Misconfigured) -> Served {
    let problem = Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "misconfigured",
        "this service is not configured; its operator finds the missing variables in its log",
    )
    .with_retry_after(30);
    let mut response = write_problem(problem, "-");
    let line =
        serde_json::json!({ "severity": "CRITICAL", "service": service, "message": fault.to_string() });
    add_standard_headers(&mut response, "-");
    Served { response, log_line: line.to_string() }
}

/// Serves a method that the path has no route for: a preflight request, OPTIONS, or 405.
fn reject_method(
    origins: &Origins,
    request: &Parts,
    mut methods: Vec<&'static Method>,
) -> Result<Reply, Problem> {
    if methods.contains(&&Method::GET) {
        methods.push(&Method::HEAD);
    }
    methods.push(&Method::OPTIONS);
    let names: Vec<&str> = methods.iter().map(|method| method.as_str()).collect();
    let allow = HeaderValue::try_from(names.join(", ")).map_err(Problem::internal)?;
    if request.method == Method::OPTIONS {
        let mut reply = Reply::no_content();
        if is_preflight(&request.headers) {
            origins.grant_preflight(&request.headers, &methods, &mut reply.headers);
        }
        reply.headers.insert(ALLOW, allow);
        return Ok(reply);
    }
    let detail =
        format!("this route does not serve {}; the header allow lists what it serves", request.method);
    Err(Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", detail).with_header(ALLOW, allow))
}

fn is_preflight(headers: &HeaderMap) -> bool {
    headers.contains_key(ORIGIN) && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

fn write_reply(reply: Reply) -> Response<Bytes> {
    let mut response = Response::new(reply.body);
    *response.status_mut() = reply.status;
    *response.headers_mut() = reply.headers;
    response
}

fn write_problem(problem: Problem, request_id: &str) -> Response<Bytes> {
    let status = problem.status();
    let (headers, body) = problem.into_parts(request_id);
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    response
}
