//! Posts to a path at a fixed interval, as a CronJob does on the cluster.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use http::Request;
use http::header::{AUTHORIZATION, HOST};
use http_body_util::{BodyExt as _, Empty};
use wasmtime_wasi_http::Error;

use crate::router::Router;

pub(crate) struct Job {
    pub(crate) seconds: u64,
    pub(crate) path: String,
    pub(crate) bearer: Option<String>,
}

pub(crate) async fn run(job: Job, router: Arc<Router>) {
    let mut interval = tokio::time::interval(Duration::from_secs(job.seconds.max(1)));
    // The first tick is immediate.
    interval.tick().await;
    loop {
        interval.tick().await;
        let mut request = Request::post(&job.path).header(HOST, "localhost");
        if let Some(bearer) = &job.bearer {
            request = request.header(AUTHORIZATION, format!("Bearer {bearer}"));
        }
        let Ok(request) = request.body(Empty::new().map_err(Error::from).boxed_unsync()) else {
            crate::log(&format!("{:?} is not a path", job.path));
            return;
        };
        let response = router.answer(request, SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await;
        if !response.status().is_success() {
            crate::log(&format!("POST {} answered {}", job.path, response.status()));
        }
    }
}
