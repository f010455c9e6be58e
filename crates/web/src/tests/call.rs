//! What a handler reads from a request.

use bytes::Bytes;
use http::Request;
use kernel::ExpectedVersion;

use super::{get, greeter, post, serve_by, served, status};
use crate::{Body, Call};

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
fn an_id_is_a_whole_number_and_one_out_of_range_is_404() {
    let get = |path: &str| status(Request::get(path), "");
    assert_eq!(get("/parts/7"), 200);
    assert_eq!(get("/parts/99999999999999999999"), 404);
    for path in ["/parts/abc", "/parts/7.0", "/parts/%27", "/parts/007", "/parts/+7"] {
        assert_eq!(get(path), 400, "{path}");
    }
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
