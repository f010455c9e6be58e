//! Sends requests without a pause, and measures their latencies.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use http::{Method, Request};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::task::JoinSet;

/// A request that is sent repeatedly.
#[derive(Debug, Clone)]
pub(crate) struct Template {
    pub(crate) method: Method,
    pub(crate) url: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Option<String>,
}

impl Template {
    pub(crate) fn get(url: String) -> Self {
        Self { method: Method::GET, url, headers: Vec::new(), body: None }
    }

    /// Returns a POST request with a JSON body.
    pub(crate) fn post(url: String, body: &serde_json::Value) -> Self {
        let headers = vec![("content-type", "application/json".to_owned())];
        Self { method: Method::POST, url, headers, body: Some(body.to_string()) }
    }
}

/// The latencies of requests, shortest first.
#[derive(Debug, Default)]
pub(crate) struct Latencies(Vec<Duration>);

impl Latencies {
    /// Returns the latency that `permille` of a thousand requests do not exceed.
    pub(crate) fn permille(&self, permille: usize) -> Duration {
        let index = self.0.len().saturating_sub(1).saturating_mul(permille) / 1000;
        self.0.get(index).copied().unwrap_or_default()
    }

    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.0.extend(other.0);
        self.0.sort_unstable();
    }
}

/// Sends a request from several clients for `time`. Each client has its own connection and sends without a pause.
///
/// # Errors
/// If an answer is not a success, because the latencies are then meaningless.
pub(crate) async fn run(template: &Template, clients: usize, time: Duration) -> anyhow::Result<Latencies> {
    let end = Instant::now() + time;
    let mut tasks = JoinSet::new();
    for _ in 0..clients {
        let template = template.clone();
        tasks.spawn(async move {
            let client: Client<HttpConnector, Full<Bytes>> =
                Client::builder(TokioExecutor::new()).build_http();
            let mut latencies = Latencies::default();
            while Instant::now() < end {
                let started = Instant::now();
                send(&client, &template).await?;
                latencies.0.push(started.elapsed());
            }
            anyhow::Ok(latencies)
        });
    }
    let mut all = Latencies::default();
    while let Some(latencies) = tasks.join_next().await {
        all.add(latencies??);
    }
    Ok(all)
}

async fn send(client: &Client<HttpConnector, Full<Bytes>>, template: &Template) -> anyhow::Result<Bytes> {
    let request = Request::builder().method(template.method.clone()).uri(&template.url);
    let headers = template.headers.iter();
    let request = headers.fold(request, |request, (name, value)| request.header(*name, value));
    let request = request.body(Full::from(template.body.clone().unwrap_or_default()))?;
    let answer = client.request(request).await.with_context(|| format!("cannot reach {}", template.url))?;
    let status = answer.status();
    let body = answer.into_body().collect().await?.to_bytes();
    ensure!(status.is_success(), "{} answered {status}: {}", template.url, String::from_utf8_lossy(&body));
    Ok(body)
}

/// Sends a request once, and returns the body of the answer.
///
/// # Errors
/// If the answer is not a success.
pub(crate) async fn once(template: &Template) -> anyhow::Result<Bytes> {
    send(&Client::builder(TokioExecutor::new()).build_http(), template).await
}

/// Writes a time in milliseconds with two decimals.
pub(crate) fn milliseconds(time: Duration) -> String {
    let micros = time.as_micros();
    format!("{}.{:02}", micros / 1000, micros % 1000 / 10)
}
