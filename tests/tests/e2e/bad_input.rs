//! Whatever is wrong is the client's to know: a clear 4xx, never a 5xx, and nothing happens.

use std::sync::Arc;

use api_description::OpenApi;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use bytes::Bytes;
use cartwheel_tests::Shop;
use cartwheel_tests::shop::{SERVICE_TOKEN, SIGNING_SEED};
use identity::{Role, SigningKey, SigningKeys, TokenIssuer, VerificationKeys};
use kernel::{SessionId, Timestamp, UserId};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

crate::tests![
    a_body_that_is_not_json_is_400_on_every_route,
    a_body_of_another_type_is_415_on_every_route,
    a_body_over_64_kib_is_413_also_when_it_is_chunked,
    all_wrong_fields_are_named_at_once,
    a_quantity_is_a_whole_number_from_1_to_99,
    a_route_that_needs_a_login_refuses_every_token_that_is_not_good,
    a_shoppers_token_opens_no_internal_route,
    parameters_that_cannot_be_read_are_400,
    hostile_texts_are_texts,
];

async fn a_body_that_is_not_json_is_400_on_every_route(shop: Arc<Shop>) {
    let admin = shop.admin().await;
    for operation in OpenApi::get().operations().filter(|operation| operation.has_body()) {
        let token = if operation.needs_service() { SERVICE_TOKEN } else { &admin.token };
        for body in [&b"{"[..], b"{\"a\":NaN}", b"\xff\xfe", b"{}}", b"{\"quantity\":1e}"] {
            let call = shop.client.call(&operation.method, &operation.example_path()).bearer(token).wrong();
            let answer =
                call.raw(Bytes::from_static(body)).header("content-type", "application/json").send().await;
            answer.problem(400, "malformed-json");
        }
        let call = shop.client.call(&operation.method, &operation.example_path()).bearer(token).wrong();
        call.json(&json!([])).send().await.problem(422, "validation-failed");
    }
}

async fn a_body_of_another_type_is_415_on_every_route(shop: Arc<Shop>) {
    let admin = shop.admin().await;
    for operation in OpenApi::get().operations().filter(|operation| operation.has_body()) {
        let token = if operation.needs_service() { SERVICE_TOKEN } else { &admin.token };
        for content_type in ["text/plain", "application/x-www-form-urlencoded", "application/jsonx"] {
            let call = shop.client.call(&operation.method, &operation.example_path()).bearer(token).wrong();
            let answer = call.raw("{}").header("content-type", content_type).send().await;
            answer.problem(415, "unsupported-media-type");
        }
    }
}

async fn a_body_over_64_kib_is_413_also_when_it_is_chunked(shop: Arc<Shop>) {
    let login = |length: usize| {
        let body = r#"{"email":"a@b.c","password":"x"}"#;
        format!("{body}{}", " ".repeat(length - body.len()))
    };
    let send = async |body: String| {
        let call = shop.client.call("POST", "/users/login").wrong();
        call.raw(body).header("content-type", "application/json").send().await
    };
    assert_eq!(send(login(64 * 1024)).await.status, 401);
    send(login(64 * 1024 + 1)).await.problem(413, "body-too-large");

    let mut stream = tokio::net::TcpStream::connect(shop.url.trim_start_matches("http://")).await.unwrap();
    let head = "POST /users/login HTTP/1.1\r\nhost: shop\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let chunk = format!("{:x}\r\n{}\r\n", 1024, " ".repeat(1024));
    for _ in 0..65 {
        // The answer may come, and the connection go, before all of it is sent.
        if stream.write_all(chunk.as_bytes()).await.is_err() {
            break;
        }
    }
    let _ = stream.write_all(b"0\r\n\r\n").await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    let answer = String::from_utf8_lossy(&answer);
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
}

fn fields(problem: &Value) -> Vec<(String, String)> {
    let errors = problem["errors"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut fields: Vec<_> = errors.map(|error| (text(&error["field"]), text(&error["code"]))).collect();
    fields.sort();
    fields
}

async fn all_wrong_fields_are_named_at_once(shop: Arc<Shop>) {
    let ada = shop.client.shopper().await;
    let refused = async |method: &str, path: &str, body: Value| {
        let call = shop.client.call(method, path).bearer(&ada.token).json(&body).wrong();
        fields(&call.send().await.problem(422, "validation-failed"))
    };
    let check = |actual: Vec<(String, String)>, expected: &[(&str, &str)]| {
        let expected: Vec<_> =
            expected.iter().map(|(field, code)| ((*field).to_owned(), (*code).to_owned())).collect();
        assert_eq!(actual, expected);
    };
    let body = json!({ "email": "nowhere", "password": "password", "fullName": 7, "role": "admin" });
    check(
        refused("POST", "/users/register", body).await,
        &[
            ("email", "invalid"),
            ("fullName", "wrong-type"),
            ("password", "password-too-common"),
            ("role", "unknown-field"),
        ],
    );
    check(
        refused("POST", "/users/register", json!({ "password": "short" })).await,
        &[("email", "required"), ("fullName", "required"), ("password", "wrong-length")],
    );
    let body = json!({ "productId": "1", "variantId": 0, "quantity": 0, "price": 1 });
    check(
        refused("POST", "/orders/cart", body).await,
        &[
            ("price", "unknown-field"),
            ("productId", "wrong-type"),
            ("quantity", "out-of-range"),
            ("variantId", "out-of-range"),
        ],
    );
    let body = json!({ "shippingAddress": { "city": "", "country": "gb", "planet": "Mars" }, "expectedTotal": 1.999, "total": 1 });
    check(
        refused("POST", "/orders", body).await,
        &[
            ("expectedTotal", "invalid"),
            ("shippingAddress.city", "wrong-length"),
            ("shippingAddress.country", "invalid"),
            ("shippingAddress.planet", "unknown-field"),
            ("shippingAddress.streetAddress", "required"),
            ("total", "unknown-field"),
        ],
    );
}

async fn a_quantity_is_a_whole_number_from_1_to_99(shop: Arc<Shop>) {
    let ada = shop.client.shopper().await;
    for quantity in
        ["0", "-1", "1.5", "2147483648", "9223372036854775808", "1e400", "100", "\"1\"", "null", "true"]
    {
        let body = format!(r#"{{"productId":1,"quantity":{quantity}}}"#);
        let call =
            ada.call("POST", "/orders/cart").wrong().raw(body).header("content-type", "application/json");
        call.send().await.problem(422, "validation-failed");
    }
    for quantity in ["-1", "1.5", "100", "2147483648", "9223372036854775808"] {
        let body = format!(r#"{{"quantity":{quantity}}}"#);
        let call = ada
            .call("PUT", "/orders/cart/items/1")
            .wrong()
            .raw(body)
            .header("content-type", "application/json");
        call.send().await.problem(422, "validation-failed");
    }
    assert_eq!(ada.cart().await["items"], json!([]));
}

/// A token of our own making.
fn token(seed: [u8; 32], kid: &str, user: i64, at: &str) -> String {
    let public = ed25519_dalek::SigningKey::from_bytes(&seed).verifying_key().to_bytes();
    let key = |bytes: [u8; 32]| format!("{kid}:{}", BASE64_URL_SAFE_NO_PAD.encode(bytes));
    let signing = SigningKeys { current: SigningKey::parse(&key(seed)).unwrap(), retired: None };
    let verification = VerificationKeys::parse(&key(public)).unwrap();
    let issuer = TokenIssuer::new(signing, verification, "cartwheel", "cartwheel");
    let (user, session) = (UserId::try_from(user).unwrap(), SessionId::try_from(1).unwrap());
    issuer.sign(user, session, Role::Admin, Timestamp::parse(at).unwrap(), [7; 16]).unwrap()
}

async fn a_route_that_needs_a_login_refuses_every_token_that_is_not_good(shop: Arc<Shop>) {
    let ada = shop.client.shopper().await;
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let now = Timestamp::from_unix_micros(now.as_micros().try_into().unwrap()).unwrap().to_string();
    let (_, rest) = ada.token.split_once('.').unwrap();
    let payload = rest.split_once('.').unwrap().0;
    let header = |alg: &str| {
        BASE64_URL_SAFE_NO_PAD.encode(format!(r#"{{"typ":"at+jwt","alg":"{alg}","kid":"test-1"}}"#))
    };
    let mut flipped = ada.token.clone().into_bytes();
    let last = flipped.len() - 10;
    flipped[last] = if flipped[last] == b'A' { b'B' } else { b'A' };
    let tokens = [
        "garbage".to_owned(),
        "a.b.c".to_owned(),
        "A".repeat(8000),
        String::from_utf8(flipped).unwrap(),
        token(SIGNING_SEED, "test-1", ada.id, "2020-01-01T00:00:00Z"),
        token([1; 32], "test-1", ada.id, &now),
        token(SIGNING_SEED, "other", ada.id, &now),
        // Signed by us, but for another user's session.
        token(SIGNING_SEED, "test-1", 999_999, &now),
        format!("{}.{payload}.", header("none")),
        format!("{}.{rest}", header("none")),
        format!("{}.{rest}", header("HS256")),
        ada.refresh_token.clone(),
        SERVICE_TOKEN.to_owned(),
    ];
    for operation in OpenApi::get().operations().filter(|operation| operation.needs_login()) {
        let call = || shop.client.call(&operation.method, &operation.example_path()).wrong();
        let missing = call().send().await;
        assert_eq!(missing.header("www-authenticate"), "Bearer");
        missing.problem(401, "missing-token");
        for token in &tokens {
            let answer = call().bearer(token).send().await;
            let challenge = answer.header("www-authenticate");
            assert!(challenge.starts_with("Bearer error="), "{} {token}: {answer:?}", operation.path);
            answer.problem(401, "invalid-token");
        }
        for header in ["Basic abc", "Bearer", "Bearer ", "bearer"] {
            call().header("authorization", header).send().await.problem(401, "invalid-token");
        }
    }
}

async fn a_shoppers_token_opens_no_internal_route(shop: Arc<Shop>) {
    let ada = shop.client.shopper().await;
    for operation in OpenApi::get().operations().filter(|operation| operation.needs_service()) {
        let call = || shop.client.call(&operation.method, &operation.example_path()).wrong();
        call().send().await.problem(401, "missing-token");
        for token in [ada.token.as_str(), &SERVICE_TOKEN[1..], "x"] {
            call().bearer(token).send().await.problem(401, "invalid-token");
        }
    }
}

async fn parameters_that_cannot_be_read_are_400(shop: Arc<Shop>) {
    let ada = shop.client.shopper().await;
    for path in [
        "/products/abc",
        "/products/1.5",
        "/products/01",
        "/products/1/stock?variantId=x",
        "/products?limit=0",
        "/products?limit=101",
        "/products?limit=ten",
        "/products?cursor=garbage",
        "/products?cursor=%00",
        "/products?sort=id;drop",
        "/products?minPrice=-1",
        "/products?maxPrice=1e9",
        "/products?inStock=maybe",
        "/products/1/reviews?cursor=x",
        "/orders?limit=0",
        "/orders?cursor=e30",
        "/orders?status=lost",
        "/users/me/sessions?limit=0",
        "/users/me/addresses?cursor=garbage",
        "/users/me/addresses/x",
    ] {
        ada.call("GET", path).wrong().send().await.problem(400, "invalid-parameter");
    }
    for path in [
        "/products/0",
        "/products/-1",
        "/products/99999999999999999999",
        "/orders/nonsense",
        "/orders/ORD-1",
        "/users/me/addresses/0",
    ] {
        ada.call("GET", path).wrong().send().await.problem(404, "not-found");
    }
    let key = ada.call("POST", "/orders").wrong().header("idempotency-key", &"k".repeat(256)).send().await;
    key.problem(400, "invalid-parameter");
}

async fn hostile_texts_are_texts(shop: Arc<Shop>) {
    for (number, name) in
        ["Robert'); drop table users;--", "$1", "%s%n", "\u{202e}evil", "🎡", "a\\b\"c", "{{7*7}}"]
            .iter()
            .enumerate()
    {
        let email = format!("hostile-{number}-{}@example.com", std::process::id());
        let body = json!({ "email": email, "password": "correct horse", "fullName": name });
        let made = shop.client.call("POST", "/users/register").json(&body).send().await.expect(201).json();
        assert_eq!(made["user"]["fullName"], *name);
    }
    for name in ["a\u{0}b", "a\nb", " "] {
        let body = json!({ "email": "x@example.com", "password": "correct horse", "fullName": name });
        let answer = shop.client.call("POST", "/users/register").json(&body).wrong().send().await;
        answer.problem(422, "validation-failed");
    }
}
