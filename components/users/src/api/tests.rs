//! The routes on a scripted host: which statements each one runs, and how it maps their answers.

use capability::Settings;
use capability::scripted::Scripted;
use capability::{Clock as _, DbError};
use http::{Request, StatusCode};
use kernel::Timestamp;
use serde_json::{Value, json};
use web::{Body, Served};

use crate::{App, Config};

// The seed is 32 bytes of 1; the public key belongs to it.
const SIGNING_KEY: &str = "k1:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE";
const PUBLIC_KEY: &str = "k1:iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w";

fn config() -> Config {
    config_with("http://notifications.invalid")
}

fn config_with(notification_url: &str) -> Config {
    let settings = [
        ("db_host", "h"),
        ("db_port", "1"),
        ("db_name", "n"),
        ("db_user", "u"),
        ("db_password", "p"),
        ("token_signing_key", SIGNING_KEY),
        ("token_verification_keys", PUBLIC_KEY),
        ("token_issuer", "cartwheel"),
        ("token_audience", "cartwheel"),
        ("password_memory_kib", "19456"),
        ("password_passes", "2"),
        ("session_lifetime_s", "60"),
        ("session_idle_s", "60"),
        ("logins_per_minute", "30"),
        ("registrations_per_minute", "10"),
        ("trusted_hops", "0"),
        ("environment", "production"),
        ("notification_url", notification_url),
        ("notification_path", "/hook"),
        ("notification_secrets", "whsec_AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB"),
        ("service_token", "t"),
        ("call_timeout_ms", "1"),
    ];
    let settings: Settings =
        settings.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    Config::read(settings).unwrap().0
}

fn admission() -> Value {
    json!({ "isAdmitted": true, "limit": 30, "windowS": 60, "remaining": 29, "resetS": 60 })
}

fn started() -> Value {
    json!({ "sessionId": 9, "account": {
        "id": 7, "email": "ada@example.com", "emailVerified": false, "fullName": "Ada", "role": "customer",
        "disabledAt": null, "createdAt": "2026-01-01T00:00:00Z", "version": 1,
    }})
}

/// Returns a service whose database gives these answers.
fn app(answers: impl IntoIterator<Item = Option<Value>>) -> App<Scripted> {
    let host = Scripted::at(Timestamp::parse("2026-01-01T00:00:00Z").unwrap());
    let host = answers.into_iter().fold(host, |host, answer| {
        host.database_answers(Ok(answer.map(|answer| match answer {
            Value::String(text) => text,
            other => other.to_string(),
        })))
    });
    App::new(host, config())
}

fn send(app: &App<Scripted>, request: Request<Body>) -> Served {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(web::serve(app, request, |_| None))
}

fn post(path: &str, body: &Value) -> Request<Body> {
    let request = Request::post(path).header("content-type", "application/json");
    request.body(Body::full(body.to_string())).unwrap()
}

fn login() -> Request<Body> {
    post("/users/login", &json!({ "email": "ada@example.com", "password": "correct horse" }))
}

#[test]
fn a_registration_is_one_statement_besides_the_throttle() {
    let app = app([Some(json!({ "client": admission(), "isTaken": false })), Some(started())]);
    let body = json!({ "email": "ada@example.com", "password": "correct horse", "fullName": "Ada" });
    assert_eq!(send(&app, post("/users/register", &body)).response.status(), StatusCode::CREATED);
    assert_eq!(app.host.calls(), ["admit_registration", "register"]);
}

#[test]
fn a_taken_address_costs_no_hash_and_no_second_statement() {
    let app = app([Some(json!({ "client": admission(), "isTaken": true }))]);
    let body = json!({ "email": "ada@example.com", "password": "correct horse", "fullName": "Ada" });
    assert_eq!(send(&app, post("/users/register", &body)).response.status(), StatusCode::CONFLICT);
    assert_eq!(app.host.calls(), ["admit_registration"]);
}

#[test]
fn a_login_is_one_statement_besides_the_throttle() {
    let password = identity::Password::choose("correct horse").unwrap();
    let hash = identity::PasswordHasher::new(identity::HashCost::MINIMUM).hash(&password, [1; 16]).unwrap();
    let credentials = json!({
        "userId": 7, "passwordHash": hash.expose(), "passwordVersion": 1, "isDisabled": false,
    });
    let admitted = json!({ "client": admission(), "account": admission(), "credentials": credentials });
    let app = app([Some(admitted), Some(started())]);
    let served = send(&app, login());
    assert_eq!(served.response.status(), StatusCode::OK);
    assert_eq!(app.host.calls(), ["admit_login", "start_session"]);

    // The issued token is verified with one statement.
    let body: Value = serde_json::from_slice(served.response.body()).unwrap();
    let bearer = format!("Bearer {}", body["token"].as_str().unwrap());
    let app = self::app([Some(started())]);
    let verify = Request::get("/users/verify-token").header("authorization", bearer);
    let verified = send(&app, verify.body(Body::empty()).unwrap());
    assert_eq!(verified.response.status(), StatusCode::OK);
    assert_eq!(app.host.calls(), ["find_session"]);
}

#[test]
fn a_failed_login_runs_the_same_statements_with_and_without_an_account() {
    let hash =
        "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$T95q7S205tf9WI4HhYOZDIQmMMAbntacGXTIku0gXT8";
    let credentials = json!({ "userId": 7, "passwordHash": hash, "passwordVersion": 1, "isDisabled": false });
    for credentials in [credentials, Value::Null] {
        let admitted = json!({ "client": admission(), "account": admission(), "credentials": credentials });
        let app = app([Some(admitted), Some(json!("recorded"))]);
        assert_eq!(send(&app, login()).response.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(app.host.calls(), ["admit_login", "record_failed_login"]);
    }
}

#[test]
fn an_attempt_that_is_not_admitted_costs_no_hash_and_no_second_statement() {
    let closed = json!({ "isAdmitted": false, "limit": 10, "windowS": 600, "remaining": 0, "resetS": 300 });
    for admitted in [
        json!({ "client": closed, "account": null, "credentials": null }),
        json!({ "client": admission(), "account": closed, "credentials": null }),
    ] {
        let app = app([Some(admitted)]);
        let response = send(&app, login()).response;
        assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(response.headers()["retry-after"], "300");
        assert_eq!(app.host.calls(), ["admit_login"]);
    }
}

#[test]
fn without_its_database_the_service_rejects_logins() {
    let host = Scripted::at(Timestamp::parse("2026-01-01T00:00:00Z").unwrap());
    let host = host.database_answers(Err(DbError::Unreachable("down".to_owned())));
    let app = App::new(host, config());
    assert_eq!(send(&app, login()).response.status(), StatusCode::SERVICE_UNAVAILABLE);
}

#[test]
fn a_request_that_waits_too_long_for_the_hash_permit_is_503_with_retry_after() {
    let app = app([]);
    let hashing = app.passwords.try_lock().unwrap();
    let started_at = app.host.now();
    let response = send(&app, login()).response;
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(response.headers()["retry-after"], "5");
    assert_eq!(app.host.now().unix_seconds() - started_at.unix_seconds(), 10);
    assert_eq!(app.host.calls(), Vec::<String>::new());
    drop(hashing);
}

#[test]
fn the_delivery_of_a_message_is_attempted_eight_times() {
    let claimed = |attempts: i64| {
        let claimed = json!({
            "id": 5, "eventId": "e", "kind": "password-changed", "attempts": attempts, "userId": 7,
            "createdAt": "2026-01-01T00:00:00Z", "email": "ada@example.com", "fullName": "Ada",
            "tokenSalt": null, "tokenHash": null, "expiresAt": null,
        });
        claimed.to_string()
    };
    for (attempts, status, expected) in [
        (1, 204, json!({ "receiver": "webhook", "delivered": 1, "failed": 0, "abandoned": 0 })),
        (7, 500, json!({ "receiver": "webhook", "delivered": 0, "failed": 1, "abandoned": 0 })),
        (7, 302, json!({ "receiver": "webhook", "delivered": 0, "failed": 1, "abandoned": 0 })),
        (8, 500, json!({ "receiver": "webhook", "delivered": 0, "failed": 0, "abandoned": 1 })),
    ] {
        let host = Scripted::at(Timestamp::parse("2026-01-01T00:00:00Z").unwrap());
        let answer = http::Response::builder().status(status).body(bytes::Bytes::new()).unwrap();
        let host = host
            .database_answers(Ok(Some(claimed(attempts))))
            .http_answers(Ok(answer))
            .database_answers(Ok(Some("finished".to_owned())))
            .database_answers(Ok(None));
        let app = App::new(host, config_with("http://mail.test"));
        let deliver =
            Request::post("/internal/users/notifications/deliver").header("authorization", "Bearer t");
        let served = send(&app, deliver.body(Body::empty()).unwrap());
        let body: Value = serde_json::from_slice(served.response.body()).unwrap();
        assert_eq!(body, expected);
        let calls =
            ["claim_notification", "POST http://mail.test/hook", "finish_notification", "claim_notification"];
        assert_eq!(app.host.calls(), calls);
    }
}
