//! The edge as a client sees it, on a service of four routes.

use bytes::Bytes;
use capability::scripted::Scripted;
use capability::{Clock, Entropy};
use expect_test::{Expect, expect};
use http::{Method, Request, Response};
use kernel::Timestamp;

use crate::{Body, Call, Origins, Problem, Reply, Route, Service, fields, route, serve};

struct Greeter {
    host: Scripted,
    origins: Origins,
    gcp_project: &'static str,
}

#[derive(Clone, Copy)]
enum Name {
    Greet,
    Broken,
    Private,
    Thing,
}

impl Service for Greeter {
    const NAME: &'static str = "greeter";
    type Name = Name;
    const ROUTES: &'static [Route<Name>] = &[
        route(&Method::POST, "/greetings", Name::Greet),
        route(&Method::GET, "/broken", Name::Broken),
        route(&Method::GET, "/private", Name::Private),
        route(&Method::GET, "/things/{id}", Name::Thing),
    ];

    fn host(&self) -> &(impl Clock + Entropy) {
        &self.host
    }

    fn gcp_project(&self) -> &str {
        self.gcp_project
    }

    fn origins(&self) -> &Origins {
        &self.origins
    }

    async fn answer(&self, name: Name, mut call: Call) -> Result<Reply, Problem> {
        match name {
            Name::Greet => {
                let mut body = call.json().await?;
                let name = body.required("name", fields::line(20));
                let name = body.finish(|| name)?;
                Reply::ok(&serde_json::json!({ "greeting": format!("hello {name}") }))
            }
            Name::Broken => Err(Problem::internal("password=hunter2 at 10.0.0.1")),
            Name::Private => call.require_service("s3cret").map(|()| Reply::no_content()),
            Name::Thing => Reply::ok(&call.id::<i64>(0, "thing")?),
        }
    }
}

fn served(request: Request<Body>) -> (Response<Bytes>, String) {
    served_in("", request)
}

fn served_in(gcp_project: &'static str, request: Request<Body>) -> (Response<Bytes>, String) {
    let host = Scripted::at(Timestamp::parse("2026-01-01T00:00:00Z").unwrap());
    let service = Greeter { host, origins: Origins::parse("https://shop.example"), gcp_project };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let served = runtime.block_on(serve(&service, request));
    (served.response, served.log_line)
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
    let mut told = format!("{}\n", response.status());
    for (name, value) in response.headers() {
        told += &format!("{name}: {}\n", value.to_str().unwrap());
    }
    told += std::str::from_utf8(response.body()).unwrap();
    expect.assert_eq(&told);
}

#[test]
fn an_answer_has_its_length_its_id_and_the_security_headers() {
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
fn an_error_is_a_problem_that_keeps_its_cause_to_itself() {
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
fn a_body_is_counted_while_it_is_read() {
    let body = |length: usize| format!(r#"{{"name":"Ada"}}{}"#, " ".repeat(length - 14));
    assert_eq!(status(post(), body(64 * 1024)), 200);
    assert_eq!(status(post(), body(64 * 1024 + 1)), 413);
    assert_eq!(status(post().header("content-length", "65537"), ""), 413);
    let endless = Body::stream(futures_util::stream::repeat_with(|| Ok(Bytes::from_static(&[b' '; 1024]))));
    assert_eq!(served(post().body(endless).unwrap()).0.status().as_u16(), 413);
}

#[test]
fn only_json_is_read() {
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
fn another_method_is_405_with_what_is_allowed() {
    let (response, _) = served(Request::delete("/things/7").body(Body::empty()).unwrap());
    assert_eq!(
        (response.status().as_u16(), &response.headers()["allow"]),
        (405, &"GET, HEAD, OPTIONS".parse().unwrap())
    );
}

#[test]
fn an_id_is_a_whole_number_and_an_impossible_one_is_absent() {
    let get = |path: &str| status(Request::get(path), "");
    assert_eq!(get("/things/7"), 200);
    assert_eq!(get("/things/99999999999999999999"), 404);
    for path in ["/things/abc", "/things/7.0", "/things/%27", "/things/007", "/things/+7"] {
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
    let private = |header: Option<&str>| {
        let request = Request::get("/private");
        status(
            header.map_or_else(|| Request::get("/private"), |value| request.header("authorization", value)),
            "",
        )
    };
    assert_eq!(private(Some("Bearer s3cret")), 204);
    for header in
        [None, Some("Bearer"), Some("Bearer "), Some("Bearer s3cre"), Some("Basic s3cret"), Some("s3cret")]
    {
        assert_eq!(private(header), 401, "{header:?}");
    }
}

#[test]
fn in_google_cloud_a_line_names_its_trace_as_cloud_logging_wants_it() {
    let (trace, span) = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7");
    let request = || {
        let request = Request::get("/things/1").header("traceparent", format!("00-{trace}-{span}-01"));
        request.body(Body::empty()).unwrap()
    };
    let line: serde_json::Value = serde_json::from_str(&served_in("shop", request()).1).unwrap();
    assert_eq!(line["logging.googleapis.com/trace"], format!("projects/shop/traces/{trace}"));
    assert_eq!(line["logging.googleapis.com/spanId"], line["spanId"]);
    assert_eq!((&line["severity"], &line["parentSpanId"]), (&"INFO".into(), &span.into()));
    assert!(!served(request()).1.contains("googleapis"), "elsewhere it says nothing of it");
}
