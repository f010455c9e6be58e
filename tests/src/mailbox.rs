//! Who carries the shop's messages to people: a real HTTP server that keeps what it is posted.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt as _, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::Value;

/// What was posted.
#[derive(Debug, Clone)]
pub struct Posted {
    /// The path.
    pub path: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as it came.
    pub body: Bytes,
}

/// A carrier of messages.
#[derive(Debug, Clone)]
pub struct Mailbox {
    /// `http://127.0.0.1:PORT`
    pub url: String,
    posted: Arc<Mutex<Vec<Posted>>>,
    /// Whose messages it refuses.
    refused: Arc<Mutex<Vec<String>>>,
}

impl Mailbox {
    /// Starts one, on a thread of its own.
    #[must_use]
    pub fn open() -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let mailbox = Self { url, posted: Arc::default(), refused: Arc::default() };
        let server = mailbox.clone();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                while let Ok((stream, _)) = listener.accept().await {
                    let server = server.clone();
                    let service = service_fn(move |request| {
                        let server = server.clone();
                        async move { server.take(request).await }
                    });
                    let http = hyper::server::conn::http1::Builder::new();
                    tokio::spawn(http.serve_connection(TokioIo::new(stream), service));
                }
            });
        });
        mailbox
    }

    async fn take(&self, request: Request<Incoming>) -> Result<Response<Empty<Bytes>>, Infallible> {
        let (parts, body) = request.into_parts();
        let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
        let text = String::from_utf8_lossy(&body);
        let is_refused = self.refused.lock().unwrap().iter().any(|email| text.contains(email.as_str()));
        let posted = Posted { path: parts.uri.path().to_owned(), headers: parts.headers, body };
        self.posted.lock().unwrap().push(posted);
        let status = if is_refused { 500 } else { 204 };
        Ok(Response::builder().status(status).body(Empty::new()).unwrap())
    }

    /// Answers messages with this address or order in them with 500 from now on, or no longer.
    pub fn refuse(&self, email: &str, is_refused: bool) {
        let mut refused = self.refused.lock().unwrap();
        refused.retain(|known| known != email);
        if is_refused {
            refused.push(email.to_owned());
        }
    }

    /// All that was posted.
    #[must_use]
    pub fn all(&self) -> Vec<(Posted, Value)> {
        let posted = self.posted.lock().unwrap().clone();
        let read = |posted: Posted| {
            let message: Value = serde_json::from_slice(&posted.body).unwrap();
            (posted, message)
        };
        posted.into_iter().map(read).collect()
    }

    /// All that was posted for an address.
    #[must_use]
    pub fn posted(&self, email: &str) -> Vec<(Posted, Value)> {
        self.all().into_iter().filter(|(_, message)| message["email"] == email).collect()
    }

    /// The latest message of a kind for an address.
    #[must_use]
    pub fn latest(&self, email: &str, kind: &str) -> Option<Value> {
        let messages = self.posted(email).into_iter().map(|(_, message)| message);
        messages.filter(|message| message["kind"] == kind).last()
    }
}
