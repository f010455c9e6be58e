//! Clients that send one request after the other, and how long each of them took.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use http::{Method, Request};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::task::JoinSet;

/// A request that is sent again and again.
#[derive(Debug, Clone)]
pub(crate) struct Shot {
    pub(crate) method: Method,
    pub(crate) url: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Option<String>,
}

impl Shot {
    /// A GET.
    pub(crate) fn get(url: String) -> Self {
        Self { method: Method::GET, url, headers: Vec::new(), body: None }
    }

    /// A POST of JSON.
    pub(crate) fn post(url: String, body: &serde_json::Value) -> Self {
        let headers = vec![("content-type", "application/json".to_owned())];
        Self { method: Method::POST, url, headers, body: Some(body.to_string()) }
    }
}

/// How long the requests took, shortest first.
#[derive(Debug, Default)]
pub(crate) struct Latencies(Vec<Duration>);

impl Latencies {
    /// How long so many of a thousand took at most.
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

/// So many clients send a request without a pause for so long. Each has a connection of its own.
///
/// # Errors
/// If any answer is not a success: then the figures would say nothing.
pub(crate) async fn run(shot: &Shot, clients: usize, time: Duration) -> anyhow::Result<Latencies> {
    let end = Instant::now() + time;
    let mut tasks = JoinSet::new();
    for _ in 0..clients {
        let shot = shot.clone();
        tasks.spawn(async move {
            let client: Client<HttpConnector, Full<Bytes>> =
                Client::builder(TokioExecutor::new()).build_http();
            let mut latencies = Latencies::default();
            while Instant::now() < end {
                let started = Instant::now();
                send(&client, &shot).await?;
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

async fn send(client: &Client<HttpConnector, Full<Bytes>>, shot: &Shot) -> anyhow::Result<Bytes> {
    let request = Request::builder().method(shot.method.clone()).uri(&shot.url);
    let request = shot.headers.iter().fold(request, |request, (name, value)| request.header(*name, value));
    let request = request.body(Full::from(shot.body.clone().unwrap_or_default()))?;
    let answer = client.request(request).await.with_context(|| format!("{} is not there", shot.url))?;
    let status = answer.status();
    let body = answer.into_body().collect().await?.to_bytes();
    ensure!(status.is_success(), "{} answered {status}: {}", shot.url, String::from_utf8_lossy(&body));
    Ok(body)
}

/// Sends a request once, and returns what it was answered.
///
/// # Errors
/// If the answer is not a success.
pub(crate) async fn once(shot: &Shot) -> anyhow::Result<Bytes> {
    send(&Client::builder(TokioExecutor::new()).build_http(), shot).await
}

/// With two decimals.
pub(crate) fn milliseconds(time: Duration) -> String {
    let micros = time.as_micros();
    format!("{}.{:02}", micros / 1000, micros % 1000 / 10)
}
