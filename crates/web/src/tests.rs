//! The edge as a client sees it, on a small service.

use std::cell::RefCell;

use bytes::Bytes;
use capability::scripted::Scripted;
use capability::{Clock, Entropy, Settings};
use expect_test::{Expect, expect};
use http::{Method, Request, Response};
use kernel::fields;
use kernel::page::Page;
use kernel::{ExpectedVersion, Timestamp};

use crate::{Body, Call, EdgeConfig, Problem, Reply, Route, Served, Service, route, serve};

struct Greeter {
    host: Scripted,
    edge: EdgeConfig,
    events: RefCell<Vec<&'static str>>,
}

#[derive(Clone, Copy)]
enum RouteId {
    Greet,
    Broken,
    Internal,
    Client,
    Parts,
    Part,
    ChangePart,
}

impl Service for Greeter {
    const NAME: &'static str = "greeter";
    type RouteId = RouteId;
    const ROUTES: &'static [Route<RouteId>] = &[
        route(&Method::POST, "/greetings", RouteId::Greet),
        route(&Method::GET, "/broken", RouteId::Broken),
        route(&Method::GET, "/internal", RouteId::Internal).service_only(),
        route(&Method::GET, "/client", RouteId::Client),
        route(&Method::GET, "/parts", RouteId::Parts),
        route(&Method::GET, "/parts/{id}", RouteId::Part),
        route(&Method::PUT, "/parts/{id}", RouteId::ChangePart).writes(),
    ];

    fn host(&self) -> &(impl Clock + Entropy) {
        &self.host
    }

    fn edge(&self) -> &EdgeConfig {
        &self.edge
    }

    fn invalidate_caches(&self) {
        self.events.borrow_mut().push("invalidate");
    }

    async fn dispatch(&self, id: RouteId, mut call: Call) -> Result<Reply, Problem> {
        self.events.borrow_mut().push("dispatch");
        match id {
            RouteId::Greet => {
                let mut body = call.json().await?;
                let name = body.required("name", fields::line(20));
                let name = body.finish(|| name)?;
                Reply::ok(&serde_json::json!({ "greeting": format!("hello {name}") }))
            }
            RouteId::Broken => Err(Problem::internal("password=hunter2 at 10.0.0.1")),
            RouteId::Internal => Ok(Reply::no_content()),
            RouteId::Client => Reply::ok(&call.client_address()),
            RouteId::Parts => {
                let color = call.query().get("color").map(str::to_owned);
                let request = call.page::<i64>("parts", &color)?;
                let next = request.after.unwrap_or(0) + request.limit.get();
                let page = Page::from_json(&format!(r#"{{"next":{next},"items":[{next}]}}"#));
                Reply::page(&call, "parts", &color, &page.map_err(Problem::internal)?)
            }
            RouteId::Part | RouteId::ChangePart => Reply::ok(&call.id::<i64>("id", "part")?),
        }
    }
}

fn greeter(trusted_hops: &str, gcp_project: &str) -> Greeter {
    let variables = [
        ("service_token", "s3cret"),
        ("cors_origins", "https://shop.example"),
        ("gcp_project", gcp_project),
        ("trusted_hops", trusted_hops),
    ];
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    let mut settings: Settings = variables.into_iter().map(owned).collect();
    Greeter {
        host: Scripted::at(Timestamp::parse("2026-01-01T00:00:00Z").unwrap()),
        edge: EdgeConfig::read(&mut settings).unwrap(),
        events: RefCell::default(),
    }
}

fn serve_by(service: &Greeter, request: Request<Body>) -> Served {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(serve(service, request, "198.51.100.9".parse().ok()))
}

fn served(request: Request<Body>) -> (Response<Bytes>, String) {
    served_in("", request)
}

fn served_in(gcp_project: &str, request: Request<Body>) -> (Response<Bytes>, String) {
    let served = serve_by(&greeter("0", gcp_project), request);
    (served.response, served.log_line)
}

fn get(path: &str) -> serde_json::Value {
    let (response, _) = served(Request::get(path).body(Body::empty()).unwrap());
    serde_json::from_slice(response.body()).unwrap()
}

fn status(request: http::request::Builder, body: impl Into<Bytes>) -> u16 {
    served(request.body(Body::full(body)).unwrap()).0.status().as_u16()
}

fn post() -> http::request::Builder {
    Request::post("/greetings").header("content-type", "application/json")
}

#[track_caller]
fn check(request: Request<Body>, expect: Expect) {
    let (response, _) = served(request);
    let mut text = format!("{}\n", response.status());
    for (name, value) in response.headers() {
        text += &format!("{name}: {}\n", value.to_str().unwrap());
    }
    text += std::str::from_utf8(response.body()).unwrap();
    expect.assert_eq(&text);
}

#[test]
fn a_response_has_its_length_its_id_and_the_security_headers() {
    let request = post().header("x-request-id", "abc-1").body(Body::full(r#"{"name":"Ada"}"#)).unwrap();
    check(
        request,
        expect![[r#"
        200 OK
        content-type: application/json
        content-length: 24
        cache-control: no-store
        x-content-type-options: nosniff
        content-security-policy: default-src 'none'; frame-ancestors 'none'
        referrer-policy: no-referrer
        x-request-id: abc-1
        vary: Origin
        {"greeting":"hello Ada"}"#]],
    );
}

#[test]
fn an_error_is_a_problem_without_its_cause() {
    check(
        Request::get("/broken").body(Body::empty()).unwrap(),
        expect![[r#"
        500 Internal Server Error
        content-type: application/problem+json
        content-length: 242
        cache-control: no-store
        x-content-type-options: nosniff
        content-security-policy: default-src 'none'; frame-ancestors 'none'
        referrer-policy: no-referrer
        x-request-id: 02020202020202020202020202020202
        vary: Origin
        {"type":"urn:cartwheel:problem:internal-error","title":"Internal Server Error","status":500,"detail":"something went wrong here; report the requestId if it happens again","code":"internal-error","requestId":"02020202020202020202020202020202"}"#]],
    );
}

#[test]
fn the_cause_of_an_error_is_logged_with_the_request_id() {
    let (_, line) =
        served(Request::get("/broken").header("x-request-id", "abc-1").body(Body::empty()).unwrap());
    expect![[r#"{"severity":"ERROR","message":"GET /broken","service":"greeter","requestId":"abc-1","trace":"02020202020202020202020202020202","spanId":"0101010101010101","method":"GET","route":"/broken","status":500,"durationUs":0,"code":"internal-error","cause":"password=hunter2 at 10.0.0.1"}"#]].assert_eq(&line);
}

#[test]
fn the_length_of_a_body_is_checked_while_it_is_read() {
    let body = |length: usize| format!(r#"{{"name":"Ada"}}{}"#, " ".repeat(length - 14));
    assert_eq!(status(post(), body(64 * 1024)), 200);
    assert_eq!(status(post(), body(64 * 1024 + 1)), 413);
    assert_eq!(status(post().header("content-length", "65537"), ""), 413);
    let endless = Body::stream(futures_util::stream::repeat_with(|| Ok(Bytes::from_static(&[b' '; 1024]))));
    assert_eq!(served(post().body(endless).unwrap()).0.status().as_u16(), 413);
}

#[test]
fn only_json_is_accepted() {
    let typed = |content_type: &str| {
        status(Request::post("/greetings").header("content-type", content_type), r#"{"name":"Ada"}"#)
    };
    assert_eq!(typed("application/json"), 200);
    assert_eq!(typed("Application/JSON; charset=\"UTF-8\""), 200);
    for wrong in ["text/plain", "application/jsonp", "application/json; charset=latin1", ""] {
        assert_eq!(typed(wrong), 415, "{wrong}");
    }
    assert_eq!(status(Request::post("/greetings"), r#"{"name":"Ada"}"#), 415);
    assert_eq!(status(Request::post("/greetings"), ""), 400);
    assert_eq!(status(post(), "{"), 400);
    assert_eq!(status(post(), &b"{\"name\":\"\xff\"}"[..]), 400);
}

#[test]
fn another_method_is_405_with_the_allowed_ones() {
    let (response, _) = served(Request::delete("/parts/7").body(Body::empty()).unwrap());
    assert_eq!(
        (response.status().as_u16(), &response.headers()["allow"]),
        (405, &"GET, PUT, HEAD, OPTIONS".parse().unwrap())
    );
}

#[test]
fn an_id_is_a_whole_number_and_one_out_of_range_is_404() {
    let get = |path: &str| status(Request::get(path), "");
    assert_eq!(get("/parts/7"), 200);
    assert_eq!(get("/parts/99999999999999999999"), 404);
    for path in ["/parts/abc", "/parts/7.0", "/parts/%27", "/parts/007", "/parts/+7"] {
        assert_eq!(get(path), 400, "{path}");
    }
}

#[test]
fn a_preflight_is_granted_to_an_exact_origin_only() {
    let preflight = |origin: &str| {
        let request = Request::options("/greetings")
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .body(Body::empty());
        let (response, _) = served(request.unwrap());
        assert_eq!(response.status(), 204);
        assert_eq!(response.headers()["vary"], "Origin");
        response.headers().contains_key("access-control-allow-origin")
            && response.headers().contains_key("access-control-allow-methods")
    };
    assert!(preflight("https://shop.example"));
    for origin in ["https://shop.example.evil", "http://shop.example", "https://x.shop.example", "null", "*"]
    {
        assert!(!preflight(origin), "{origin}");
    }
}

#[test]
fn an_internal_route_needs_the_service_token() {
    let internal = |header: Option<&str>| {
        let request = Request::get("/internal");
        status(
            header.map_or_else(|| Request::get("/internal"), |value| request.header("authorization", value)),
            "",
        )
    };
    assert_eq!(internal(Some("Bearer s3cret")), 204);
    for header in
        [None, Some("Bearer"), Some("Bearer "), Some("Bearer s3cre"), Some("Basic s3cret"), Some("s3cret")]
    {
        assert_eq!(internal(header), 401, "{header:?}");
    }
}

#[test]
fn in_google_cloud_a_line_has_the_trace_fields_of_cloud_logging() {
    let (trace, span) = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7");
    let request = || {
        let request = Request::get("/parts/1").header("traceparent", format!("00-{trace}-{span}-01"));
        request.body(Body::empty()).unwrap()
    };
    let line: serde_json::Value = serde_json::from_str(&served_in("shop", request()).1).unwrap();
    assert_eq!(line["logging.googleapis.com/trace"], format!("projects/shop/traces/{trace}"));
    assert_eq!(line["logging.googleapis.com/spanId"], line["spanId"]);
    assert_eq!((&line["severity"], &line["parentSpanId"]), (&"INFO".into(), &span.into()));
    assert!(!served(request()).1.contains("googleapis"), "no such fields elsewhere");
}

#[test]
fn the_edge_checks_the_service_token_before_the_handler_runs() {
    let service = greeter("0", "");
    serve_by(&service, Request::get("/internal").body(Body::empty()).unwrap());
    assert!(service.events.borrow().is_empty());
}

#[test]
fn caches_are_invalidated_before_and_after_a_write() {
    let service = greeter("0", "");
    serve_by(&service, Request::get("/parts/1").body(Body::empty()).unwrap());
    assert_eq!(service.events.take(), ["dispatch"]);
    serve_by(&service, Request::put("/parts/1").body(Body::empty()).unwrap());
    assert_eq!(service.events.take(), ["invalidate", "dispatch", "invalidate"]);
}

#[test]
fn a_page_continues_after_its_cursor_in_the_same_query_only() {
    let first = get("/parts?color=red&limit=2");
    assert_eq!(first["parts"], serde_json::json!([2]));
    let cursor = first["nextCursor"].as_str().unwrap();
    assert_eq!(get(&format!("/parts?color=red&limit=3&cursor={cursor}"))["parts"], serde_json::json!([5]));
    for path in [format!("/parts?cursor={cursor}"), format!("/parts?color=blue&cursor={cursor}")] {
        assert_eq!(get(&path)["code"], "invalid-parameter", "{path}");
    }
    assert_eq!(get("/parts?color=red&limit=101")["status"], 400);
}

#[test]
fn the_client_is_the_peer_of_the_outermost_trusted_proxy() {
    let client = |trusted_hops: &str, forwarded: Option<&str>| {
        let mut request = Request::get("/client");
        if let Some(forwarded) = forwarded {
            request = request.header("x-forwarded-for", forwarded);
        }
        let served = serve_by(&greeter(trusted_hops, ""), request.body(Body::empty()).unwrap());
        serde_json::from_slice::<String>(served.response.body()).unwrap()
    };
    let (peer, forwarded) = ("198.51.100.9", Some("6.6.6.6, 192.0.2.1, 192.0.2.2:80"));
    assert_eq!(client("0", forwarded), peer);
    assert_eq!(client("1", forwarded), "192.0.2.2");
    assert_eq!(client("2", forwarded), "192.0.2.1");
    assert_eq!(client("1", None), peer, "a request that bypassed the proxies");
    assert_eq!(client("1", Some("garbage")), peer);
}

#[test]
fn if_match_lists_the_expected_versions() {
    let expected = |values: &[&str]| {
        let mut call = Call::test();
        for value in values {
            call.headers.append("if-match", value.parse().unwrap());
        }
        call.expected_version()
    };
    let listed =
        |versions: &[&str]| ExpectedVersion::OneOf(versions.iter().map(ToString::to_string).collect());
    assert_eq!(expected(&[]), ExpectedVersion::Any);
    assert_eq!(expected(&["*"]), ExpectedVersion::Any);
    assert_eq!(expected(&[r#""7""#]), listed(&["7"]));
    assert_eq!(expected(&[r#""7-0a1b", "8""#, r#""9""#]), listed(&["7", "8", "9"]));
    assert_eq!(expected(&[r#"W/"7""#]), listed(&[]), "a weak tag");
    assert_eq!(expected(&["7"]), listed(&[]), "no tag");
}

#[test]
fn a_body_that_is_not_json_is_malformed() {
    for body in ["{", "{'a':1}", "{\"a\":NaN}", "\u{feff}{}", "{}{}", r#"{"a":"\ud800"}"#] {
        let (response, _) = served(post().body(Body::full(body)).unwrap());
        let problem: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
        assert_eq!(
            (&problem["status"], &problem["code"]),
            (&400.into(), &"malformed-json".into()),
            "{body:?}"
        );
    }
    assert_eq!(status(post(), ""), 400);
    assert_eq!(status(post(), "[]"), 422);
}
