//! Serves HTTP/1 on a TCP port.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use http::Request;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{SignalKind, signal};
use wasmtime_wasi_http::Error;

use crate::router::Router;

/// Serves until SIGINT or SIGTERM.
pub(crate) async fn serve(router: Arc<Router>, listen: &str) -> anyhow::Result<()> {
    let listener = TcpListener::bind(listen)
        .await
        .with_context(|| format!("cannot listen on {listen}: choose another address with --listen"))?;
    crate::print(&format!("Serving http://{}", listener.local_addr()?));
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, client)) => {
                    tokio::spawn(serve_connection(stream, client, Arc::clone(&router)));
                }
                Err(error) => {
                    crate::log(&format!("cannot accept a connection: {error}"));
                    // For example out of file descriptors: a retry without a pause would only repeat this line.
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            },
            _ = interrupt.recv() => return Ok(()),
            _ = terminate.recv() => return Ok(()),
        }
    }
}

async fn serve_connection(stream: TcpStream, client: SocketAddr, router: Arc<Router>) {
    let answer = service_fn(move |request: Request<Incoming>| {
        let router = Arc::clone(&router);
        let request = request.map(|body| body.map_err(Error::from).boxed_unsync());
        async move { Ok::<_, Infallible>(router.answer(request, client).await) }
    });
    // No timer and no TCP_NODELAY, as on Spin: with a timer hyper would close idle connections after 30 s.
    // A connection that the client closes is not logged.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), answer).await;
}
