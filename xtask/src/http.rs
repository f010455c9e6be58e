//! HTTP requests to servers on this machine.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context as _, ensure};

/// The time limit of each read and write.
const LIMIT: Duration = Duration::from_secs(10);

/// Sends a request without a body to `host:port`, and returns the status. Each line of `headers` ends with CRLF.
pub(crate) fn request(method: &str, address: &str, path: &str, headers: &str) -> anyhow::Result<u16> {
    let mut stream = TcpStream::connect(address).with_context(|| format!("cannot connect to {address}"))?;
    stream.set_read_timeout(Some(LIMIT))?;
    stream.set_write_timeout(Some(LIMIT))?;
    let head = format!("{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n");
    stream.write_all(format!("{head}content-length: 0\r\n{headers}\r\n").as_bytes())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    status(&answer).with_context(|| format!("{method} {path} was not answered"))
}

fn status(answer: &[u8]) -> anyhow::Result<u16> {
    let line = answer.split(|byte| *byte == b'\r').next().unwrap_or_default();
    let line = String::from_utf8_lossy(line);
    ensure!(line.starts_with("HTTP/1.1 "), "the answer is not HTTP/1.1");
    Ok(line.split(' ').nth(1).unwrap_or_default().parse()?)
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn a_request_has_its_headers_and_returns_the_status() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut received = String::new();
            while !received.ends_with("\r\n\r\n") {
                let mut byte = [0];
                stream.read_exact(&mut byte).unwrap();
                received.push(char::from(byte[0]));
            }
            stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap();
            received
        });
        assert_eq!(request("POST", &address, "/x", "authorization: Bearer t\r\n").unwrap(), 204);
        let received = server.join().unwrap();
        assert!(received.starts_with("POST /x HTTP/1.1\r\n") && received.contains("Bearer t"), "{received}");
    }

    #[test]
    fn an_answer_of_another_protocol_is_an_error() {
        assert!(status(b"SSH-2.0-x\r\n").is_err());
    }
}
