//! An HTTP client that validates every request and response against the description.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use api_description::OpenApi;
use bytes::Bytes;
use http::{HeaderMap, Method, Request};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client as HyperClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Speaks to a shop.
#[derive(Debug, Clone)]
pub struct Client {
    url: String,
    http: HyperClient<HttpConnector, Full<Bytes>>,
}

/// What the shop said.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as it came.
    pub bytes: Bytes,
}

impl Answer {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.bytes).unwrap()
    }

    /// Fails unless it has this status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.bytes));
        self
    }

    /// Fails unless it is a problem of this status and code.
    #[track_caller]
    pub fn problem(self, status: u16, code: &str) -> Value {
        let body = self.expect(status).json();
        assert_eq!(body["code"], code, "{body}");
        body
    }

    /// A header as text, empty without it.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// What is to be sent.
#[derive(Debug)]
pub struct Call<'c> {
    client: &'c Client,
    request: http::request::Builder,
    path: String,
    method: Method,
    body: Bytes,
    is_valid: bool,
}

impl Client {
    /// A client of the shop at this address.
    #[must_use]
    pub fn new(url: &str) -> Self {
        Self { url: url.to_owned(), http: HyperClient::builder(TokioExecutor::new()).build_http() }
    }

    /// Begins a request.
    #[must_use]
    pub fn call(&self, method: &str, path: &str) -> Call<'_> {
        let method: Method = method.parse().unwrap();
        let request = Request::builder().method(method.clone()).uri(format!("{}{path}", self.url));
        let path = path.split('?').next().unwrap().to_owned();
        Call { client: self, request, path, method, body: Bytes::new(), is_valid: true }
    }

    /// `GET`
    pub async fn get(&self, path: &str) -> Answer {
        self.call("GET", path).send().await
    }

    /// The status of a POST whose body is announced with this length and never sent: what is refused for its head alone.
    pub async fn announce(&self, path: &str, headers: &str, length: usize) -> u16 {
        let mut stream = TcpStream::connect(self.url.trim_start_matches("http://")).await.unwrap();
        let head = format!("POST {path} HTTP/1.1\r\nhost: shop\r\n{headers}content-length: {length}\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).await.unwrap();
        let answer = String::from_utf8_lossy(&answer).into_owned();
        answer.strip_prefix("HTTP/1.1 ").unwrap().parse().unwrap()
    }

    /// A new shopper with an account of their own.
    pub async fn shopper(&self) -> Shopper {
        let email = new_email();
        let body = json!({ "email": email, "password": "correct horse", "fullName": "Some Shopper" });
        let answer = self.call("POST", "/users/register").json(&body).send().await.expect(201).json();
        self.known_as(email, &answer)
    }

    /// Tries to log in.
    pub async fn try_log_in(&self, email: &str, password: &str) -> Answer {
        let body = json!({ "email": email, "password": password });
        self.call("POST", "/users/login").json(&body).send().await
    }

    /// Logs the same user in once more.
    pub async fn log_in(&self, email: &str, password: &str) -> Shopper {
        let answer = self.try_log_in(email, password).await.expect(200).json();
        self.known_as(email.to_owned(), &answer)
    }

    /// Tries a refresh token.
    pub async fn refresh(&self, refresh_token: &str) -> Answer {
        let body = json!({ "refreshToken": refresh_token });
        self.call("POST", "/users/token/refresh").json(&body).send().await
    }

    fn known_as(&self, email: String, answer: &Value) -> Shopper {
        Shopper {
            client: self.clone(),
            token: answer["token"].as_str().unwrap().to_owned(),
            refresh_token: answer["refreshToken"].as_str().unwrap().to_owned(),
            email,
            id: answer["user"]["id"].as_i64().unwrap(),
        }
    }
}

/// Returns an e-mail address without an account.
#[must_use]
pub fn new_email() -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    format!("shopper-{}-{}@example.com", NUMBER.fetch_add(1, Ordering::Relaxed), std::process::id())
}

/// What must be in no log: every password and token that this run has sent or got.
static SECRETS: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// Every password and token that was sent or received so far.
#[must_use]
pub fn secrets() -> BTreeSet<String> {
    SECRETS.lock().unwrap().clone()
}

fn note_secrets(body: &[u8]) {
    let Ok(Value::Object(fields)) = serde_json::from_slice(body) else { return };
    for name in ["password", "currentPassword", "newPassword", "token", "refreshToken", "cartToken"] {
        match fields.get(name).and_then(Value::as_str) {
            // Shorter ones, which tests of wrong input send, may be a part of any text.
            Some(secret) if secret.len() >= 9 => {
                SECRETS.lock().unwrap().insert(secret.to_owned());
            }
            _ => {}
        }
    }
}

impl Call<'_> {
    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    /// Adds a bearer token.
    #[must_use]
    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// Adds a JSON body.
    #[must_use]
    pub fn json(self, body: &Value) -> Self {
        self.raw(body.to_string()).header("content-type", "application/json")
    }

    /// Adds any body.
    #[must_use]
    pub fn raw(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// Says that the request is wrong on purpose: only the answer has to be as described.
    #[must_use]
    pub fn wrong(mut self) -> Self {
        self.is_valid = false;
        self
    }

    /// Sends it.
    pub async fn send(self) -> Answer {
        self.try_send().await.expect("an answer")
    }

    /// Sends the request. Returns `None` if the server closed the connection without a response.
    pub async fn try_send(self) -> Option<Answer> {
        let request = self.request.body(Full::new(self.body.clone())).unwrap();
        let openapi = OpenApi::get();
        let operation = openapi.find(&self.method, &self.path);
        if let (Some(operation), true) = (&operation, self.is_valid) {
            openapi.check_request(operation, request.headers(), &self.body);
        }
        let answer = tokio::time::timeout(Duration::from_secs(60), self.client.http.request(request)).await;
        let (parts, body) = answer.expect("no answer within 60 s").ok()?.into_parts();
        let bytes = body.collect().await.ok()?.to_bytes();
        let answer = Answer { status: parts.status.as_u16(), headers: parts.headers, bytes };
        note_secrets(&self.body);
        note_secrets(&answer.bytes);
        if let Some(token) = answer.headers.get("x-cart-token") {
            SECRETS.lock().unwrap().insert(token.to_str().unwrap().to_owned());
        }
        match operation {
            Some(operation) if self.method != Method::HEAD => {
                openapi.check_response(&operation, answer.status, &answer.headers, &answer.bytes);
            }
            Some(_) => {}
            None => assert!(
                matches!(answer.status, 204 | 404 | 405),
                "{} {} is not described, but was answered {}",
                self.method,
                self.path,
                answer.status
            ),
        }
        Some(answer)
    }
}

/// A user with an account and a session.
#[derive(Debug, Clone)]
pub struct Shopper {
    /// What they speak with.
    pub client: Client,
    /// Their access token.
    pub token: String,
    /// Their refresh token.
    pub refresh_token: String,
    /// Their address.
    pub email: String,
    /// Their id.
    pub id: i64,
}

impl Shopper {
    /// Begins a request of theirs.
    #[must_use]
    pub fn call(&self, method: &str, path: &str) -> Call<'_> {
        self.client.call(method, path).bearer(&self.token)
    }

    /// Puts something into the cart.
    pub async fn add(&self, product: i64, quantity: i64) -> Answer {
        let body = json!({ "productId": product, "quantity": quantity });
        self.call("POST", "/orders/cart").json(&body).send().await
    }

    /// The cart.
    pub async fn cart(&self) -> Value {
        self.call("GET", "/orders/cart").send().await.expect(200).json()["cart"].clone()
    }

    /// Places the order.
    pub async fn checkout(&self) -> Answer {
        self.call("POST", "/orders").send().await
    }
}
