//! What every request goes through, whatever its route.

use bytes::Bytes;
use capability::{Clock, Entropy, Misconfigured};
use http::header::{
    ACCESS_CONTROL_REQUEST_METHOD, ALLOW, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_SECURITY_POLICY,
    CONTENT_TYPE, HeaderValue, ORIGIN, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use serde::Serialize;

use crate::route::{Found, find};
use crate::trace::REQUEST_ID;
use crate::{Body, Call, Origins, Problem, Reply, Route, Trace};

/// A service: a table of routes, and what answers them.
pub trait Service {
    /// The service's name in logs: `users`.
    const NAME: &'static str;
    /// The routes' names, a plain enum.
    type Name: Copy + 'static;
    /// All routes.
    const ROUTES: &'static [Route<Self::Name>];

    /// The host, for the clock and the request ids.
    fn host(&self) -> &(impl Clock + Entropy);

    /// The Google Cloud project whose logs the lines go to; empty if it is none.
    fn gcp_project(&self) -> &str {
        ""
    }

    /// The origins whose pages may call.
    fn origins(&self) -> &Origins;

    /// Answers a request.
    fn answer(&self, route: Self::Name, call: Call) -> impl Future<Output = Result<Reply, Problem>>;
}

/// The answer, and the line that the host writes to its log.
#[derive(Debug)]
pub struct Served {
    /// With `content-length`, the request's id and the security headers, always.
    pub response: Response<Bytes>,
    /// One JSON object without a line break.
    pub log_line: String,
}

/// Answers a request: finds the route, lets the service answer, dresses the answer and describes it for the log.
pub async fn serve<S: Service>(service: &S, request: Request<Body>) -> Served {
    let started = service.host().now();
    let (parts, body) = request.into_parts();
    let trace = Trace::of_request(&parts.headers, service.host());
    let (route, answer) = match find(S::ROUTES, &parts.method, parts.uri.path()) {
        Found::Route(route, params) => {
            let call = Call {
                headers: parts.headers.clone(),
                params,
                trace: trace.clone(),
                uri: parts.uri.clone(),
                body,
            };
            (Some(route.pattern), service.answer(route.name, call).await)
        }
        Found::OtherMethods(methods) => {
            (None, other_method(service.origins(), &parts.method, &parts.headers, methods))
        }
        Found::Nothing => (None, Err(Problem::not_found("route"))),
    };
    let mut line = Line {
        severity: "INFO",
        message: format!("{} {}", parts.method, route.unwrap_or("-")),
        service: S::NAME,
        request_id: trace.request_id(),
        trace: trace.trace_id(),
        span_id: trace.span_id(),
        cloud_trace: cloud_trace(service.gcp_project(), trace.trace_id()),
        cloud_span: (!service.gcp_project().is_empty()).then(|| trace.span_id()),
        parent_span_id: trace.parent_id(),
        method: parts.method.as_str(),
        route,
        status: 0,
        duration_us: 0,
        code: None,
        cause: None,
        note: None,
    };
    let mut response = match answer {
        Ok(mut reply) => {
            line.note = reply.note.take();
            succeed(reply)
        }
        Err(problem) => {
            line.code = Some(problem.code());
            line.cause = problem.cause().map(str::to_owned);
            fail(problem, trace.request_id())
        }
    };
    dress(&mut response, trace.request_id());
    service.origins().grant(&parts.headers, response.headers_mut());

    line.status = response.status().as_u16();
    line.severity = match response.status() {
        status if status.is_server_error() => "ERROR",
        _ if line.cause.is_some() => "WARNING",
        _ => "INFO",
    };
    line.duration_us = service.host().now().unix_micros().saturating_sub(started.unix_micros());
    Served { response, log_line: serde_json::to_string(&line).unwrap_or_default() }
}

/// Answers any request to a service that cannot start: 503, and every wrong variable in the log.
#[must_use]
pub fn misconfigured(service: &'static str, fault: &Misconfigured) -> Served {
    let problem = Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "misconfigured",
        "this service is not configured; its operator finds the missing variables in its log",
    )
    .with_retry_after(30);
    let mut response = fail(problem, "-");
    let line =
        serde_json::json!({ "severity": "CRITICAL", "service": service, "message": fault.to_string() });
    dress(&mut response, "-");
    Served { response, log_line: line.to_string() }
}

/// The path is known, the method is not: a preflight, OPTIONS, or 405.
fn other_method(
    origins: &Origins,
    method: &Method,
    headers: &HeaderMap,
    mut methods: Vec<&'static Method>,
) -> Result<Reply, Problem> {
    if methods.contains(&&Method::GET) {
        methods.push(&Method::HEAD);
    }
    methods.push(&Method::OPTIONS);
    let names: Vec<&str> = methods.iter().map(|method| method.as_str()).collect();
    let allow = HeaderValue::try_from(names.join(", ")).map_err(Problem::internal)?;
    if method == Method::OPTIONS {
        let mut reply = Reply::no_content();
        if headers.contains_key(ORIGIN) && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD) {
            origins.grant_preflight(headers, &methods, &mut reply.headers);
        }
        reply.headers.insert(ALLOW, allow);
        return Ok(reply);
    }
    let detail = format!("this route does not serve {method}; the header allow lists what it serves");
    Err(Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", detail).with_header(ALLOW, allow))
}

fn succeed(reply: Reply) -> Response<Bytes> {
    let mut response = Response::new(reply.body);
    *response.status_mut() = reply.status;
    *response.headers_mut() = reply.headers;
    response
}

fn fail(problem: Problem, request_id: &str) -> Response<Bytes> {
    let status = problem.status();
    let (headers, body) = problem.into_parts(request_id);
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    response
}

/// The headers of every answer.
fn dress(response: &mut Response<Bytes>, request_id: &str) {
    // RFC 9110 section 8.6 forbids content-length on a 204, and on a 304 it would have to be that of the 200. Neither has a
    // body, so neither has the chunked tail that stalls a kept-alive connection; everything else must have the header.
    let is_bodiless = matches!(response.status(), StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    let length = response.body().len();
    let headers = response.headers_mut();
    if !is_bodiless {
        headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let policy = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
    headers.insert(CONTENT_SECURITY_POLICY, policy);
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    if let Ok(id) = HeaderValue::from_str(request_id) {
        headers.insert(REQUEST_ID, id);
    }
}

fn cloud_trace(project: &str, trace_id: &str) -> Option<String> {
    (!project.is_empty()).then(|| format!("projects/{project}/traces/{trace_id}"))
}

/// The access log line. It has no field for a body, a query or a header, so no secret can get into it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    severity: &'static str,
    message: String,
    service: &'static str,
    request_id: &'a str,
    trace: &'a str,
    span_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_span_id: Option<&'a str>,
    // What Cloud Logging joins a line to its trace by (cloud.google.com/logging/docs/structured-logging).
    #[serde(rename = "logging.googleapis.com/trace", skip_serializing_if = "Option::is_none")]
    cloud_trace: Option<String>,
    #[serde(rename = "logging.googleapis.com/spanId", skip_serializing_if = "Option::is_none")]
    cloud_span: Option<&'a str>,
    method: &'a str,
    /// The pattern, not the path: ids would make every line its own series, and a path may hold personal data.
    route: Option<&'static str>,
    status: u16,
    duration_us: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<serde_json::Value>,
}
