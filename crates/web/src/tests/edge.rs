//! What the edge does with every request.

use expect_test::expect;
use http::Request;

use super::{check, greeter, post, serve_by, served, served_in, status};
use crate::Body;

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
fn another_method_is_405_with_the_allowed_ones() {
    let (response, _) = served(Request::delete("/parts/7").body(Body::empty()).unwrap());
    assert_eq!(
        (response.status().as_u16(), &response.headers()["allow"]),
        (405, &"GET, PUT, HEAD, OPTIONS".parse().unwrap())
    );
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
