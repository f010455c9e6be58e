//! The calls of a request to other services, in their order: the protocol of the checkout and of its recovery.

use bytes::Bytes;
use capability::scripted::Scripted;
use capability::{HttpError, Settings};
use http::{Request, Response};
use identity::{Role, SigningKey, SigningKeys, TokenIssuer, VerificationKeys};
use kernel::{OrderId, SessionId, Timestamp, UserId};
use serde_json::{Value, json};
use web::{Body, serve};

use crate::{App, Config};

/// The seed is 32 bytes of 1; the public key belongs to it.
const SIGNING_KEY: &str = "k1:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE";
const PUBLIC_KEY: &str = "k1:iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w";
const NOW: &str = "2026-01-01T12:00:00Z";
const VERIFY: &str = "GET users/verify-token";
const CART: &str = "GET firestore/carts/user-7";
const COMMIT: &str = "POST firestore:commit";
const RESERVE: &str = "POST products/reservations";

/// A response of another service; `None` is a lost response.
type Scene = Option<(u16, Value)>;

fn config() -> Config {
    let settings = [
        ("firestore_url", "http://firestore.test"),
        ("firestore_project", "p"),
        ("firestore_database", "d"),
        ("firestore_auth", "emulator"),
        ("users_url", "http://users.test"),
        ("products_url", "http://products.test"),
        ("token_verification_keys", PUBLIC_KEY),
        ("token_issuer", "cartwheel"),
        ("token_audience", "cartwheel"),
        ("orders_per_minute", "3"),
        ("environment", "production"),
        ("notification_url", "http://notifications.invalid"),
        ("service_token", "t"),
        ("call_timeout_ms", "1"),
    ];
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    Config::read(settings.into_iter().map(owned).collect::<Settings>()).unwrap().0
}

fn access_token(now: Timestamp) -> String {
    let signing = SigningKeys { current: SigningKey::parse(SIGNING_KEY).unwrap(), retired: None };
    let keys = VerificationKeys::parse(PUBLIC_KEY).unwrap();
    let issuer = TokenIssuer::new(signing, keys, "cartwheel", "cartwheel");
    let (user, session) = (UserId::try_from(7).unwrap(), SessionId::try_from(9).unwrap());
    issuer.sign(user, session, Role::Customer, now, [1; 16]).unwrap()
}

/// Sends a request as user 7, or as a service to an internal route. Returns the status, the calls and the body.
fn send(method: &str, path: &str, body: &str, scenes: Vec<Scene>) -> (u16, Vec<String>, Value) {
    let now = Timestamp::parse(NOW).unwrap();
    let respond = |(status, body): (u16, Value)| {
        Response::builder().status(status).body(Bytes::from(body.to_string())).unwrap()
    };
    let lost = || HttpError::OutcomeUnknown("cut".to_owned());
    let host = scenes
        .into_iter()
        .fold(Scripted::at(now), |host, scene| host.http_answers(scene.map(respond).ok_or_else(lost)));
    let app = App { host, config: config() };
    let token = if path.starts_with("/internal") { "t".to_owned() } else { access_token(now) };
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/json");
    let body = Body::stream(futures_util::stream::iter([Ok(Bytes::copy_from_slice(body.as_bytes()))]));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let served = runtime.block_on(serve(&app, request.body(body).unwrap(), |_| None));
    let calls = app.host.calls().iter().map(|call| shortened(call)).collect();
    let body = serde_json::from_slice(served.response.body()).unwrap_or_default();
    (served.response.status().as_u16(), calls, body)
}

fn shortened(call: &str) -> String {
    call.replace("http://firestore.test/v1/projects/p/databases/d/documents", "firestore")
        .replace("http://products.test/internal/products", "products")
        .replace("http://users.test/", "")
        .replace(order_id(1).as_str(), "ORD-1")
        .replace(order_id(2).as_str(), "ORD-2")
}

#[expect(clippy::unnecessary_wraps, reason = "the element of a list of scenes")]
fn ok(body: Value) -> Scene {
    Some((200, body))
}

fn rejected(code: &str) -> Scene {
    Some((409, json!({ "code": code })))
}

fn conflict() -> Scene {
    Some((400, json!({ "error": { "status": "FAILED_PRECONDITION" } })))
}

fn missing() -> Scene {
    Some((404, json!({ "error": { "status": "NOT_FOUND" } })))
}

fn committed() -> Scene {
    ok(json!({ "writeResults": [{ "updateTime": NOW }] }))
}

fn principal() -> Scene {
    ok(
        json!({ "userId": 7, "email": "ada@example.com", "fullName": "Ada", "role": "customer", "sessionId": 9,
        "expiresAt": NOW }),
    )
}

fn document(value: &Value) -> Scene {
    let fields = firestore::value::to_fields(value).unwrap();
    ok(json!({ "name": "x", "fields": fields, "updateTime": "2026-01-01T11:00:00Z" }))
}

fn cart(generation: i64) -> Scene {
    let line = json!({ "productId": 1, "variantId": null, "quantity": 2, "productName": "Mug", "priceMinor": 150,
        "position": 1 });
    document(&json!({ "id": "c", "generation": generation, "items": { "p1": line }, "updatedAt": NOW }))
}

fn order_id(generation: i64) -> OrderId {
    OrderId::of_cart("c", generation)
}

fn order(user: Value, status: &str) -> Scene {
    document(&json!({ "orderId": order_id(1), "userId": user, "status": status, "items": [], "totalMinor": 0,
        "currency": "USD", "shippingAddress": null, "notes": null, "createdAt": NOW, "updatedAt": NOW,
        "history": [{ "status": "pending", "at": NOW, "actor": "customer" }] }))
}

fn reserved() -> Scene {
    let line = json!({ "productId": 1, "variantId": null, "productName": "Mug", "sku": "M", "quantity": 2,
        "price": 1.5, "lineTotal": 3 });
    ok(json!({ "currency": "USD", "totalAmount": 3, "lines": [line] }))
}

#[track_caller]
fn check_checkout(body: &str, scenes: Vec<Scene>, status: u16, calls: &[&str]) -> Value {
    let scenes = [vec![principal(), cart(1)], scenes].concat();
    let (actual, made, body) = send("POST", "/orders", body, scenes);
    let expected = [&[VERIFY, CART][..], calls].concat();
    assert_eq!((actual, made), (status, expected.iter().map(|call| (*call).to_owned()).collect()), "{body}");
    body
}

#[test]
fn a_checkout_reserves_commits_and_confirms_once() {
    let calls = [RESERVE, COMMIT, "POST products/reservations/ORD-1/confirm"];
    let placed = check_checkout("{}", vec![reserved(), committed(), ok(json!({}))], 201, &calls);
    assert_eq!(placed["orderId"], order_id(1).as_str());
    let placed = check_checkout("{}", vec![reserved(), committed(), None], 201, &calls);
    assert_eq!(placed["status"], "pending", "a confirmation that fails is left to reconciliation");
}

#[test]
fn a_rejected_price_advances_the_generation_before_the_stock_is_released() {
    let body = r#"{"expectedTotal":"1.00"}"#;
    let scenes = vec![reserved(), committed(), ok(json!({}))];
    let calls = [RESERVE, COMMIT, "POST products/reservations/ORD-1/release"];
    assert_eq!(check_checkout(body, scenes, 409, &calls)["code"], "price-changed");
    // If another request has changed the cart, nothing is released: its order may have the stock.
    let scenes = vec![reserved(), conflict(), order(json!(7), "pending"), ok(json!({}))];
    let calls = [RESERVE, COMMIT, "GET firestore/orders/ORD-1", "POST products/reservations/ORD-1/confirm"];
    check_checkout(body, scenes, 200, &calls);
}

#[test]
fn a_checkout_that_loses_the_race_returns_the_winners_order() {
    let calls = [RESERVE, COMMIT, "GET firestore/orders/ORD-1", "POST products/reservations/ORD-1/confirm"];
    let scenes = vec![reserved(), conflict(), order(json!(7), "pending"), ok(json!({}))];
    let placed = check_checkout("{}", scenes, 200, &calls);
    assert_eq!(placed["orderId"], order_id(1).as_str());
}

#[test]
fn a_checkout_after_a_tombstone_starts_over_as_the_next_generation() {
    let scenes = vec![
        rejected("reservation-released"),
        order(Value::Null, "cancelled"),
        committed(),
        cart(2),
        reserved(),
        committed(),
        ok(json!({})),
    ];
    let calls = [
        RESERVE,
        "GET firestore/orders/ORD-1",
        COMMIT,
        CART,
        RESERVE,
        COMMIT,
        "POST products/reservations/ORD-2/confirm",
    ];
    assert_eq!(check_checkout("{}", scenes, 201, &calls)["orderId"], order_id(2).as_str());
}

#[test]
fn a_checkout_reserves_nothing_for_a_caller_who_is_not_authenticated() {
    let scenes = vec![Some((401, json!({}))), cart(1)];
    let (status, calls, _) = send("POST", "/orders", "{}", scenes);
    assert_eq!((status, calls.as_slice()), (401, &[VERIFY.to_owned(), CART.to_owned()][..]));
}

#[test]
fn reconciliation_writes_a_tombstone_before_it_releases_the_stock() {
    let expired = || ok(json!({ "reservations": [{ "orderId": order_id(1) }] }));
    let scenes = vec![expired(), ok(json!([])), missing(), committed(), ok(json!({}))];
    let (_, calls, report) = send("POST", "/internal/orders/reconcile", "", scenes);
    let expected = [
        "GET products/reservations?state=held&expired=true&limit=100",
        "POST firestore:runQuery",
        "GET firestore/orders/ORD-1",
        COMMIT,
        "POST products/reservations/ORD-1/release",
    ];
    assert_eq!(calls, expected);
    assert_eq!(report, json!({ "confirmed": 0, "released": 1, "pending": 0 }));
    // The checkout has placed its order at the last moment: its stock is sold.
    let exists = Some((409, json!({ "error": { "status": "ALREADY_EXISTS" } })));
    let scenes = vec![expired(), ok(json!([])), missing(), exists, order(json!(7), "pending"), ok(json!({}))];
    let (_, calls, report) = send("POST", "/internal/orders/reconcile", "", scenes);
    assert_eq!(calls.last().unwrap(), "POST products/reservations/ORD-1/confirm");
    assert_eq!(report, json!({ "confirmed": 1, "released": 0, "pending": 0 }));
}

#[test]
fn a_cancellation_is_committed_before_its_stock_is_released_and_marked() {
    let path = format!("/orders/{}/cancel", order_id(1));
    let scenes = vec![principal(), order(json!(7), "pending"), committed(), ok(json!({})), committed()];
    let (status, calls, body) = send("POST", &path, "", scenes);
    let expected =
        [VERIFY, "GET firestore/orders/ORD-1", COMMIT, "POST products/reservations/ORD-1/release", COMMIT];
    assert_eq!((status, &body["status"]), (200, &json!("cancelled")));
    assert_eq!(calls, expected);
}
