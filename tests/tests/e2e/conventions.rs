//! What holds for every answer, whatever its route.

use std::sync::Arc;
use std::time::{Duration, Instant};

use api_description::OpenApi;
use cartwheel_tests::shop::{ORIGIN, SERVICE_TOKEN};
use cartwheel_tests::{Answer, Shop};

crate::tests![
    every_answer_of_every_route_has_its_length_and_a_request_id,
    a_well_formed_request_id_is_echoed_and_another_is_replaced,
    another_method_is_405_with_what_is_allowed,
    an_unknown_path_is_404,
    head_is_get_without_the_body,
    a_page_of_the_shop_may_call_and_no_other,
    private_answers_are_not_kept,
    a_log_line_tells_the_request,
    keys_are_published,
];

/// The headers of every answer.
#[track_caller]
fn check(answer: &Answer, context: &str) {
    let length = answer.headers.get("content-length").map(|value| value.to_str().unwrap().to_owned());
    match answer.status {
        // RFC 9110 section 8.6: no length where there is no body by definition.
        204 | 304 => assert_eq!(length, None, "{context}"),
        _ => assert!(length.is_some(), "{context} answered {} without content-length", answer.status),
    }
    assert!(answer.headers.get("transfer-encoding").is_none(), "{context} is chunked");
    assert_eq!(answer.headers.get_all("x-request-id").iter().count(), 1, "{context}");
    assert!(!answer.header("x-request-id").is_empty(), "{context}");
    assert_eq!(answer.header("x-content-type-options"), "nosniff", "{context}");
    assert!(!answer.header("cache-control").is_empty(), "{context}");
    if answer.status >= 400 {
        assert_eq!(answer.header("content-type"), "application/problem+json", "{context}");
        let problem = answer.json();
        assert_eq!(problem["status"], answer.status, "{context}");
        assert_eq!(problem["requestId"], answer.header("x-request-id"), "{context}");
        for leak in ["SQLSTATE", "panicked", "src/", ".rs", "postgres", "select "] {
            assert!(!answer.text().contains(leak), "{context} contains {leak}: {}", answer.text());
        }
    }
}

async fn every_answer_of_every_route_has_its_length_and_a_request_id(shop: Arc<Shop>) {
    let ada = shop.client.shopper().await;
    for operation in OpenApi::get().operations() {
        let path = operation.example_path();
        let context = format!("{} {path}", operation.method);
        let call = |token: Option<&str>| {
            let call = shop.client.call(&operation.method, &path).wrong();
            match token {
                Some(token) => call.bearer(token),
                None => call,
            }
        };
        check(&call(None).send().await, &context);
        check(&call(Some("garbage")).send().await, &context);
        check(&call(Some(SERVICE_TOKEN)).send().await, &context);
        check(&call(None).raw("{").header("content-type", "application/json").send().await, &context);
        // Not these two, which log the shopper out.
        if !["/users/logout", "/users/logout-all"].contains(&operation.path) {
            check(&call(Some(&ada.token)).send().await, &context);
            check(
                &call(Some(&ada.token)).raw("{").header("content-type", "application/json").send().await,
                &context,
            );
        }
        check(&shop.client.call("TRACE", &path).wrong().send().await, &context);
        check(&shop.client.call("OPTIONS", &path).wrong().send().await, &context);
    }
    check(&ada.call("POST", "/users/logout").send().await, "POST /users/logout");
    for path in [
        "/users/nothing",
        "/products/1/nothing",
        "/orders/a/b/c",
        "/internal/products/nothing",
        "/internal/orders/x",
    ] {
        check(&shop.client.get(path).await, path);
    }
}

async fn a_well_formed_request_id_is_echoed_and_another_is_replaced(shop: Arc<Shop>) {
    let asked = async |id: &str| {
        let answer = shop.client.call("GET", "/products/1").header("x-request-id", id).send().await;
        answer.header("x-request-id").to_owned()
    };
    assert_eq!(asked("abc-123_x.y").await, "abc-123_x.y");
    for id in ["", "a b", "<script>", &"x".repeat(129)] {
        let replaced = asked(id).await;
        assert!(replaced != id && replaced.len() == 32, "{replaced}");
    }
}

async fn another_method_is_405_with_what_is_allowed(shop: Arc<Shop>) {
    for (method, path, allow) in [
        ("DELETE", "/users/register", "POST, OPTIONS"),
        ("GET", "/users/login", "POST, OPTIONS"),
        ("POST", "/users/me", "GET, PATCH, DELETE, HEAD, OPTIONS"),
        ("PUT", "/products", "GET, POST, HEAD, OPTIONS"),
        ("PATCH", "/orders/cart", "GET, POST, DELETE, HEAD, OPTIONS"),
        ("GET", "/orders/cart/items/1", "PUT, DELETE, OPTIONS"),
        ("PUT", "/orders", "POST, GET, HEAD, OPTIONS"),
    ] {
        let answer = shop.client.call(method, path).wrong().send().await;
        assert_eq!(answer.header("allow"), allow, "{method} {path}");
        answer.problem(405, "method-not-allowed");
    }
}

async fn an_unknown_path_is_404(shop: Arc<Shop>) {
    for path in [
        "/users/",
        "/users/me/",
        "/users/1/nothing",
        "/products/",
        "/orders/cart/",
        "/orders//cart",
        "/Orders/cart/x",
    ] {
        assert_eq!(shop.client.call("GET", path).wrong().send().await.status, 404, "{path}");
    }
}

async fn head_is_get_without_the_body(shop: Arc<Shop>) {
    let get = shop.client.get("/products/1").await;
    let head = shop.client.call("HEAD", "/products/1").send().await;
    assert_eq!((head.status, head.bytes.len()), (200, 0));
    assert_eq!(head.header("content-length"), get.bytes.len().to_string());
    assert_eq!(head.header("etag"), get.header("etag"));
}

async fn a_page_of_the_shop_may_call_and_no_other(shop: Arc<Shop>) {
    let preflight = async |origin: &str| {
        let call = shop.client.call("OPTIONS", "/orders/cart").header("origin", origin).wrong();
        call.header("access-control-request-method", "POST").send().await.expect(204)
    };
    let granted = preflight(ORIGIN).await;
    assert_eq!(granted.header("access-control-allow-origin"), ORIGIN);
    assert!(granted.header("access-control-allow-methods").contains("POST"));
    assert!(granted.header("access-control-allow-headers").contains("authorization"));
    let answer = shop.client.call("GET", "/products/1").header("origin", ORIGIN).send().await;
    assert_eq!(answer.header("access-control-allow-origin"), ORIGIN);
    for origin in ["https://shop.example.evil", "http://shop.example", "null"] {
        assert_eq!(preflight(origin).await.header("access-control-allow-origin"), "", "{origin}");
    }
}

async fn private_answers_are_not_kept(shop: Arc<Shop>) {
    let ada = shop.client.shopper().await;
    for path in ["/users/me", "/users/verify-token", "/orders/cart", "/orders"] {
        assert_eq!(ada.call("GET", path).send().await.header("cache-control"), "no-store", "{path}");
    }
    assert!(shop.client.get("/products/1").await.header("cache-control").starts_with("public"));
}

async fn a_log_line_tells_the_request(shop: Arc<Shop>) {
    let ada = shop.client.shopper().await;
    let id = format!("log-{}", ada.id);
    ada.call("GET", "/orders/cart").header("x-request-id", &id).send().await.expect(200).json();
    let read = || -> Vec<serde_json::Value> {
        let lines = shop.log.lock().unwrap().clone();
        let read = |line: &String| {
            serde_json::from_str(line).unwrap_or_else(|_| panic!("not a line of JSON: {line}"))
        };
        let is_mine = |line: &serde_json::Value| line["requestId"] == id.as_str();
        lines.iter().map(read).filter(is_mine).collect()
    };
    // A line may be on its way here for a moment.
    let deadline = Instant::now() + Duration::from_secs(10);
    while read().len() < 2 && Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let mine = read();
    // The same id and the same trace in both services: orders asked users.
    let services: Vec<_> = mine.iter().map(|line| line["service"].as_str().unwrap()).collect();
    assert!(services.contains(&"orders") && services.contains(&"users"), "{mine:?}");
    assert!(mine.iter().all(|line| line["trace"] == mine[0]["trace"]), "{mine:?}");
}

async fn keys_are_published(shop: Arc<Shop>) {
    let keys = shop.client.get("/users/.well-known/jwks.json").await.expect(200).json();
    assert_eq!(keys["keys"][0]["kid"], "test-1");
    for service in ["users", "products", "orders"] {
        shop.client.get(&format!("/{service}/health")).await.expect(200).json();
    }
}
