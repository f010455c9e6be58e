//! A dependency that is down is said so at once, and its return is noticed by itself.

use std::sync::Arc;
use std::time::{Duration, Instant};

use cartwheel_tests::proxy::Proxy;
use cartwheel_tests::shop::database_port;
use cartwheel_tests::{Answer, Shop, Shopper};

crate::tests![
    without_postgresql_every_route_says_503_and_recovers,
    connections_that_the_database_closed_cost_no_read,
    a_database_that_says_nothing_is_given_up_on,
    without_firestore_every_route_says_503_and_recovers,
];

const LIMIT: Duration = Duration::from_secs(5);

async fn timed(call: impl Future<Output = Answer>) -> Answer {
    let started = Instant::now();
    let answer = call.await;
    assert!(started.elapsed() <= LIMIT, "it took {:?}", started.elapsed());
    answer
}

#[track_caller]
fn check_down(answer: Answer, code: &str) {
    assert!(!answer.header("retry-after").is_empty());
    answer.problem(503, code);
}

/// Waits until a shopper can do this again.
async fn recovers(shopper: &Shopper, method: &str, path: &str) {
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        let answer = shopper.call(method, path).send().await;
        if answer.status < 400 {
            return;
        }
        assert!(Instant::now() < deadline, "{path} does not recover: {answer:?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn without_postgresql_every_route_says_503_and_recovers(_: Arc<Shop>) {
    let proxy = Proxy::to(database_port()).await;
    let shop = Shop::start(proxy.port);
    let ada: Shopper = shop.client.shopper().await;
    ada.add(1, 1).await.expect(200).json();
    proxy.close();
    for path in ["/products", "/products/1", "/products/1/stock", "/products/categories"] {
        check_down(timed(shop.client.get(path)).await, "dependency-unavailable");
    }
    for (method, path) in
        [("GET", "/users/me"), ("GET", "/orders/cart"), ("GET", "/orders"), ("POST", "/orders")]
    {
        check_down(timed(ada.call(method, path).send()).await, "dependency-unavailable");
    }
    let body =
        serde_json::json!({ "email": "down@example.com", "password": "correct horse", "fullName": "Down" });
    check_down(
        timed(shop.client.call("POST", "/users/register").json(&body).send()).await,
        "dependency-unavailable",
    );
    for service in ["users", "products"] {
        let health = timed(shop.client.get(&format!("/{service}/health"))).await;
        assert_eq!(health.json()["checks"]["database"], "failing");
        check_down(health, "unhealthy");
    }
    proxy.open();
    recovers(&ada, "GET", "/products/1").await;
    recovers(&ada, "GET", "/users/me").await;
    recovers(&ada, "POST", "/orders").await;
}

async fn connections_that_the_database_closed_cost_no_read(_: Arc<Shop>) {
    let proxy = Proxy::to(database_port()).await;
    let shop = Shop::start(proxy.port);
    let ada = shop.client.shopper().await;
    ada.add(1, 1).await.expect(200);
    // As a restart of PostgreSQL: the connections that the instances keep are gone, and new ones can be had.
    proxy.close();
    proxy.open();
    shop.client.get("/products/1").await.expect(200);
    ada.call("GET", "/users/me").send().await.expect(200);
    assert_eq!(ada.cart().await["itemCount"], 1);
}

async fn a_database_that_says_nothing_is_given_up_on(_: Arc<Shop>) {
    let proxy = Proxy::to(database_port()).await;
    let shop = Shop::start(proxy.port);
    shop.client.get("/products/1").await.expect(200);
    proxy.fall_silent();
    let started = Instant::now();
    check_down(shop.client.get("/products/1").await, "dependency-unavailable");
    // `call_timeout_ms`, and a moment for the machine.
    assert!(started.elapsed() <= LIMIT + Duration::from_secs(1), "it took {:?}", started.elapsed());
    proxy.open();
    let ada = shop.client.shopper().await;
    recovers(&ada, "GET", "/products/1").await;
}

async fn without_firestore_every_route_says_503_and_recovers(_: Arc<Shop>) {
    let shop = Shop::start(database_port());
    let ada = shop.client.shopper().await;
    ada.add(1, 1).await.expect(200).json();
    shop.stop_firestore();
    for (method, path) in
        [("GET", "/orders/cart"), ("GET", "/orders"), ("POST", "/orders"), ("DELETE", "/orders/cart")]
    {
        check_down(timed(ada.call(method, path).send()).await, "dependency-unavailable");
    }
    let health = timed(shop.client.get("/orders/health")).await;
    assert_eq!(health.json()["checks"]["firestore"], "failing");
    check_down(health, "unhealthy");
    shop.client.get("/products/1").await.expect(200).json();
    shop.start_firestore();
    recovers(&ada, "GET", "/orders/cart").await;
    assert_eq!(ada.cart().await["itemCount"], 1);
    ada.checkout().await.expect(201).json();
}
