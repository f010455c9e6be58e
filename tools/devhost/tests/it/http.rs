//! Tests of inbound requests: routes, headers, bodies, and the lifetime of instances.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::platform::Platform;

#[tokio::test]
async fn reserved_and_unknown_paths_do_not_reach_a_component() {
    let platform = Platform::start().await;
    platform.get("/.well-known/spin/health").await.is(200, "OK");
    platform.get("/.well-known/spin/other").await.is(404, "");
    platform.get("/").await.is(404, "");
    platform.get("/ax/hello").await.is(404, "");
    platform.get("/a/hello").await.is(200, "hello");
}

#[tokio::test]
async fn the_component_receives_spins_headers() {
    let platform = Platform::start().await;
    let mut connection = platform.connect().await;
    let forged = [("spin-client-addr", "6.6.6.6:6"), ("connection", "keep-alive")];
    let answer = connection.send("GET", "/a/x/headers?q=1", &forged, "").await;
    let address = platform.address.as_str();
    assert_eq!(answer.listed("spin-path-info"), ["/x/headers"]);
    assert_eq!(answer.listed("spin-full-url"), [format!("http://{address}/a/x/headers?q=1")]);
    assert_eq!(answer.listed("spin-matched-route"), ["/a/..."]);
    assert_eq!(answer.listed("spin-raw-component-route"), ["/a/..."]);
    assert_eq!(answer.listed("spin-component-route"), ["/a"]);
    assert_eq!(answer.listed("spin-base-path"), ["/"]);
    assert_eq!(answer.listed("host"), [""; 0]);
    assert_eq!(answer.listed("connection"), [""; 0]);
    let clients = answer.listed("spin-client-addr");
    assert_eq!(clients.len(), 2, "{clients:?}");
    assert_eq!(clients[0], "6.6.6.6:6");
    assert!(clients[1].starts_with("127.0.0.1:"), "{clients:?}");

    let exact = platform.get("/a/exact/headers").await;
    assert_eq!(exact.listed("spin-component-route"), ["/a/exact/headers"]);
    assert_eq!(exact.listed("spin-path-info"), [""]);
}

#[tokio::test]
async fn a_clients_host_header_does_not_reach_a_sibling() {
    let platform = Platform::start().await;
    let mut connection = platform.connect().await;
    for host in ["b.spin.internal", "b.spin.internal:80"] {
        connection.send("GET", "/a/hello", &[("host", host)], "").await.is(400, "");
        connection.send("GET", "/hello", &[("host", host)], "").await.is(404, "");
    }
}

#[tokio::test]
async fn bodies_are_passed_in_both_directions() {
    let platform = Platform::start().await;
    let large = "0123456789abcdef".repeat(64 * 1024);
    platform.post("/a/echo", "").await.is(200, "");
    platform.post("/a/echo", "a body").await.is(200, "a body");
    platform.post("/a/size", &large).await.is(200, "1048576");
    assert_eq!(platform.post("/a/echo", &large).await.body, large);
    assert_eq!(platform.post("/a/upper", "abc").await.body, "ABC");
}

#[tokio::test]
async fn a_chunk_is_answered_before_the_next_one_is_sent() {
    let platform = Platform::start().await;
    let mut stream = TcpStream::connect(&platform.address).await.unwrap();
    stream
        .write_all(b"POST /a/upper HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n")
        .await
        .unwrap();
    for (sent, awaited) in [("3\r\nabc\r\n", "ABC"), ("2\r\nde\r\n", "DE"), ("0\r\n\r\n", "0\r\n\r\n")] {
        stream.write_all(sent.as_bytes()).await.unwrap();
        let mut seen = String::new();
        while !seen.contains(awaited) {
            let mut bytes = [0; 1024];
            let read = tokio::time::timeout(Duration::from_secs(10), stream.read(&mut bytes));
            let count = read.await.unwrap_or_else(|_| panic!("{sent:?} gave only {seen:?}")).unwrap();
            assert!(count > 0, "closed after {seen:?}");
            seen.push_str(std::str::from_utf8(&bytes[..count]).unwrap());
        }
    }
}

#[tokio::test]
async fn a_connection_serves_one_request_after_another() {
    let platform = Platform::start().await;
    let mut connection = platform.connect().await;
    for _ in 0..3 {
        let answer = connection.send("GET", "/a/hello", &[], "").await;
        answer.is(200, "hello");
        assert_eq!(answer.headers["content-length"], "5");
    }
    let head = connection.send("HEAD", "/a/hello", &[], "").await;
    head.is(200, "");
    assert_eq!(head.headers["content-length"], "5");
    connection.send("GET", "/a/error", &[], "").await.is(500, "");
    connection.send("GET", "/a/hello", &[], "").await.is(200, "hello");
}

#[tokio::test]
async fn an_instance_handles_at_most_128_requests() {
    let platform = Platform::start().await;
    let mut connection = platform.connect().await;
    let mut counts = Vec::new();
    for _ in 0..130 {
        counts.push(connection.send("GET", "/a/count", &[], "").await.body.parse::<u32>().unwrap());
    }
    let expected: Vec<u32> = (1..=128).chain(1..=2).collect();
    assert_eq!(counts, expected);
}

#[tokio::test]
async fn an_idle_instance_ends_after_a_second() {
    let platform = Platform::start().await;
    platform.get("/a/count").await.is(200, "1");
    platform.get("/a/count").await.is(200, "2");
    tokio::time::sleep(Duration::from_millis(2500)).await;
    platform.get("/a/count").await.is(200, "1");
}

#[tokio::test]
async fn a_failed_request_is_500_and_the_next_one_succeeds() {
    let platform = Platform::start().await;
    for path in ["/a/panic", "/a/error", "/a/memory"] {
        platform.get(path).await.is(500, "");
        platform.get("/a/hello").await.is(200, "hello");
    }
}

#[tokio::test]
async fn a_component_in_an_endless_loop_does_not_block_others() {
    let platform = Platform::start().await;
    for _ in 0..4 {
        let mut connection = platform.connect().await;
        tokio::spawn(async move { connection.send("GET", "/a/loop", &[], "").await });
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    let start = Instant::now();
    for path in ["/a/hello", "/b/hello", "/a/hello"] {
        platform.get(path).await.is(200, "hello");
    }
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}
