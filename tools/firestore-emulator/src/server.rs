//! Serves the API over HTTP.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::anyhow;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use kernel::Timestamp;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::faults::Faults;
use crate::indexes::Indexes;
use crate::query;
use crate::status::Status;
use crate::store::Store;

/// The emulator's state, shared by its connections.
#[derive(Debug, Default)]
pub struct Emulator {
    store: Mutex<Store>,
    faults: Mutex<Faults>,
    /// Without them every query is allowed.
    indexes: Option<Indexes>,
}

impl Emulator {
    /// Creates an emulator with these documents.
    #[must_use]
    pub fn of(store: Store, indexes: Option<Indexes>) -> Self {
        Self { store: Mutex::new(store), faults: Mutex::default(), indexes }
    }
}

/// Serves until the future is dropped.
///
/// # Errors
/// If no connection can be accepted.
pub async fn serve(listener: TcpListener, emulator: Arc<Emulator>) -> anyhow::Result<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        let emulator = Arc::clone(&emulator);
        tokio::spawn(async move {
            let service = service_fn(move |request| {
                let emulator = Arc::clone(&emulator);
                async move { answer(&emulator, request).await }
            });
            // Fails if the client closes the connection, or by an injected `cut`.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

/// Answers a request. An error closes the connection without an answer.
async fn answer(emulator: &Emulator, request: Request<Incoming>) -> anyhow::Result<Response<Full<Bytes>>> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await?.to_bytes();
    let path = parts.uri.path();
    if let Some(rest) = path.strip_prefix("/emulator/v1/") {
        return Ok(manage(emulator, &parts.method, rest, &body));
    }
    let Some(call) = path.strip_prefix("/v1/").and_then(|name| Call::read(&parts.method, name)) else {
        return Ok(failure(&Status::new("NOT_FOUND", "no such method")));
    };
    if !parts.headers.contains_key(AUTHORIZATION) {
        return Ok(failure(&Status::new("UNAUTHENTICATED", "the request has no Authorization header")));
    }
    let fault = lock(&emulator.faults).next(call.operation());
    if let Some(latency) = fault.as_ref().and_then(|fault| fault.latency_ms) {
        tokio::time::sleep(Duration::from_millis(latency)).await;
    }
    if let Some(status) = fault.as_ref().and_then(|fault| fault.before.as_deref()) {
        return Ok(failure(&Status::named(status)));
    }
    let done = call.run(emulator, &body);
    match fault.as_ref().and_then(|fault| fault.after.as_deref()) {
        Some("cut") => Err(anyhow!("an injected cut")),
        Some(status) => Ok(failure(&Status::named(status))),
        None => Ok(match done {
            Ok(value) => json_response(StatusCode::OK, &value),
            Err(status) => failure(&status),
        }),
    }
}

/// A call of the API, with the full name of its document or parent.
enum Call<'p> {
    Get(&'p str),
    Commit,
    BatchGet,
    RunQuery(&'p str),
}

impl<'p> Call<'p> {
    fn read(method: &Method, path: &'p str) -> Option<Self> {
        match (method.as_str(), path.rsplit_once(':')) {
            ("GET", _) => Some(Self::Get(path)),
            ("POST", Some((_, "commit"))) => Some(Self::Commit),
            ("POST", Some((_, "batchGet"))) => Some(Self::BatchGet),
            ("POST", Some((parent, "runQuery"))) => Some(Self::RunQuery(parent)),
            _ => None,
        }
    }

    fn operation(&self) -> &'static str {
        match self {
            Self::Get(_) => "get",
            Self::Commit => "commit",
            Self::BatchGet => "batchGet",
            Self::RunQuery(_) => "runQuery",
        }
    }

    fn run(&self, emulator: &Emulator, body: &Bytes) -> Result<Value, Status> {
        let (now, mut store) = (now(), lock(&emulator.store));
        if let Self::Get(name) = self {
            return store
                .get(name)
                .ok_or_else(|| Status::new("NOT_FOUND", format!("Document \"{name}\" not found.")));
        }
        let body: Value = serde_json::from_slice(body).map_err(|error| Status::invalid(error.to_string()))?;
        let items = |name: &str| body.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
        match self {
            Self::Get(_) => Err(Status::invalid("a GET has no body")),
            Self::Commit => store.commit(&items("writes"), now),
            Self::BatchGet => Ok(items("documents")
                .iter()
                .filter_map(Value::as_str)
                .map(|name| match store.get(name) {
                    Some(document) => json!({ "found": document, "readTime": now }),
                    None => json!({ "missing": name, "readTime": now }),
                })
                .collect()),
            Self::RunQuery(parent) => query::run(&store, emulator.indexes.as_ref(), parent, &body, now),
        }
    }
}

/// Answers a request to the emulator itself.
fn manage(emulator: &Emulator, method: &Method, path: &str, body: &Bytes) -> Response<Full<Bytes>> {
    let mut faults = lock(&emulator.faults);
    match (method.as_str(), path) {
        ("PUT", "faults") => match serde_json::from_slice(body) {
            Ok(fault) => faults.list.push(fault),
            Err(error) => return failure(&Status::invalid(error.to_string())),
        },
        ("DELETE", "faults") => faults.list.clear(),
        ("GET", "faults") => return json_response(StatusCode::OK, &json!({ "faults": faults.list })),
        ("GET", "requests") => return json_response(StatusCode::OK, &json!(faults.requests)),
        ("DELETE", path) if path.ends_with("/documents") => {
            if let Err(error) = lock(&emulator.store).clear() {
                return failure(&Status::new("INTERNAL", format!("{error:#}")));
            }
        }
        _ => return failure(&Status::new("NOT_FOUND", "no such method")),
    }
    json_response(StatusCode::OK, &json!({}))
}

fn failure(status: &Status) -> Response<Full<Bytes>> {
    json_response(status.http(), &status.body())
}

fn json_response(status: StatusCode, body: &Value) -> Response<Full<Bytes>> {
    let body = Bytes::from(body.to_string());
    let length = HeaderValue::from(body.len());
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=UTF-8"));
    response.headers_mut().insert(CONTENT_LENGTH, length);
    response
}

/// Locks a mutex, also after another connection's task has panicked.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[expect(clippy::disallowed_methods, reason = "the emulator sets the time of its documents")]
fn now() -> Timestamp {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let micros = i64::try_from(since_1970.as_micros()).unwrap_or(i64::MAX);
    Timestamp::from_unix_micros(micros).unwrap_or_default()
}
