//! Tests of outbound requests: allow list, siblings, connection reuse and timeouts.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

use crate::platform::Platform;

/// A server that answers by path and counts its connections.
struct Origin {
    address: String,
    connections: Arc<AtomicU32>,
}

impl Origin {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let connections = Arc::new(AtomicU32::new(0));
        let seen = Arc::clone(&connections);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                seen.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(answer(stream));
            }
        });
        Self { address, connections }
    }
}

async fn answer(mut stream: TcpStream) {
    let mut bytes = [0; 4096];
    while let Ok(count @ 1..) = stream.read(&mut bytes).await {
        let request = String::from_utf8_lossy(&bytes[..count]).into_owned();
        let reply = match request.split(' ').nth(1) {
            Some("/silent") => "",
            Some("/stalled") => "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf",
            Some("/gone") => return,
            _ => "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok",
        };
        let _ = stream.write_all(reply.as_bytes()).await;
    }
}

#[tokio::test]
async fn only_listed_destinations_can_be_reached() {
    let (listed, other) = (Origin::start().await, Origin::start().await);
    let platform = Platform::allowing(&[&format!("http://{}", listed.address)]).await;
    platform.get(&format!("/a/out?http://{}/", listed.address)).await.is(200, "ok");
    for url in [
        format!("http://{}/", other.address),
        format!("https://{}/", listed.address),
        "http://b.spin.internal/hello".to_owned(),
    ] {
        let answer = platform.get(&format!("/a/out?{url}")).await;
        assert!(answer.body.contains("HttpRequestDenied"), "{url}: {}", answer.body);
    }
    assert_eq!(other.connections.load(Ordering::Relaxed), 0);
    // b has no list at all.
    let answer = platform.get(&format!("/b/out?http://{}/", listed.address)).await;
    assert!(answer.body.contains("HttpRequestDenied"), "{}", answer.body);
}

#[tokio::test]
async fn a_sibling_answers_within_the_process() {
    let platform = Platform::allowing(&["http://b.spin.internal", "http://missing.spin.internal"]).await;
    platform.get("/a/chain?http://b.spin.internal/some/hello").await.is(200, "hello");
    let headers = platform.get("/a/chain?http://b.spin.internal/some/headers").await;
    assert_eq!(headers.listed("spin-client-addr"), ["0.0.0.0:0"]);
    assert_eq!(headers.listed("spin-path-info"), ["/some/headers"]);
    assert_eq!(headers.listed("spin-matched-route"), ["/..."]);
    platform.get("/a/chain?http://b.spin.internal/panic").await.is(500, "");
    let missing = platform.get("/a/chain?http://missing.spin.internal/").await;
    assert!(missing.body.contains("DestinationNotFound"), "{}", missing.body);
}

#[tokio::test]
async fn connections_are_reused() {
    let origin = Origin::start().await;
    let platform = Platform::allowing(&[&format!("http://{}", origin.address)]).await;
    for _ in 0..5 {
        platform.get(&format!("/a/out?http://{}/", origin.address)).await.is(200, "ok");
    }
    assert_eq!(origin.connections.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_refused_connection_has_an_error_of_its_own() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let closed = listener.local_addr().unwrap();
    drop(listener);
    let origin = Origin::start().await;
    let hosts = [format!("http://{closed}"), format!("http://{}", origin.address)];
    let platform = Platform::allowing(&[&hosts[0], &hosts[1]]).await;
    platform.get(&format!("/a/out?{}/", hosts[0])).await.is(502, "ErrorCode::ConnectionRefused");
    let gone = platform.get(&format!("/a/out?{}/gone", hosts[1])).await;
    assert!(!gone.body.contains("ConnectionRefused") && gone.status == 502, "{gone:?}");
}

#[tokio::test]
async fn the_timeouts_of_the_request_are_applied() {
    let origin = Origin::start().await;
    let platform = Platform::allowing(&[&format!("http://{}", origin.address)]).await;
    for (path, error) in [
        ("silent", "ErrorCode::ConnectionReadTimeout"),
        ("stalled", "body: ErrorCode::ConnectionReadTimeout"),
    ] {
        let start = Instant::now();
        platform.get(&format!("/a/slow?http://{}/{path}", origin.address)).await.is(502, error);
        assert!(start.elapsed() < Duration::from_secs(5), "{path}: {:?}", start.elapsed());
    }
}

#[tokio::test]
async fn the_connect_timeout_is_applied() {
    // If a listener does not accept and its queue is full, further connections wait.
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    let mut held = Vec::new();
    while let Ok(Ok(stream)) =
        tokio::time::timeout(Duration::from_millis(300), TcpStream::connect(address)).await
    {
        held.push(stream);
    }
    let platform = Platform::allowing(&[&format!("http://{address}")]).await;
    platform.get(&format!("/a/unreachable?http://{address}/")).await.is(502, "ErrorCode::ConnectionTimeout");
}
