//! Starts devhost on a free port, and sends requests to it.

use std::path::PathBuf;
use std::process::Stdio;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

/// A running devhost. It is killed when this value is dropped.
pub(crate) struct Platform {
    pub(crate) address: String,
    pub(crate) child: Child,
    output: Arc<Mutex<Vec<String>>>,
}

/// The configuration of a test's devhost.
#[derive(Default)]
pub(crate) struct Setup {
    pub(crate) allowed: Vec<String>,
    pub(crate) environment: Vec<(&'static str, &'static str)>,
    pub(crate) arguments: Vec<&'static str>,
}

fn probe() -> String {
    let message = "DEVHOST_PROBE_WASM must name the probe: \
                DEVHOST_PROBE_WASM=$(tools/devhost/probe/build.sh) cargo test -p devhost";
    let path = std::env::var("DEVHOST_PROBE_WASM").expect(message);
    std::fs::canonicalize(&path).expect(message).display().to_string()
}

/// Writes a manifest in which the probe is mounted twice, as `a` and as `b`.
fn manifest(allowed: &[String]) -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let probe = probe();
    let text = format!(
        r#"spin_manifest_version = 2
[application]
name = "probe"
[variables]
greeting = {{ default = "hello" }}
needed = {{ required = true }}
[[trigger.http]]
route = "/a/..."
component = "a"
[[trigger.http]]
route = "/a/exact/headers"
component = "a"
[[trigger.http]]
route = "/b/..."
component = "b"
[component.a]
source = {probe:?}
allowed_outbound_hosts = {allowed:?}
[component.a.variables]
greeting = "{{{{ greeting }}}}, {{{{ needed }}}}"
[component.b]
source = {probe:?}
"#
    );
    let name = format!("devhost-{}-{}.toml", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, text).unwrap();
    path
}

pub(crate) fn command(setup: &Setup) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_devhost"));
    command
        .arg("--manifest")
        .arg(manifest(&setup.allowed))
        .args(["--listen", "127.0.0.1:0", "--cache-dir"])
        .arg(PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("devhost-cache"))
        .args(&setup.arguments)
        .envs(setup.environment.iter().copied())
        .stdout(Stdio::piped())
        .kill_on_drop(true);
    command
}

impl Platform {
    pub(crate) async fn start() -> Self {
        Self::allowing(&[]).await
    }

    pub(crate) async fn allowing(allowed: &[&str]) -> Self {
        let allowed = allowed.iter().map(|entry| (*entry).to_owned()).collect();
        Self::with(Setup { allowed, ..Setup::default() }).await
    }

    pub(crate) async fn with(mut setup: Setup) -> Self {
        setup.environment.push(("SPIN_VARIABLE_NEEDED", "world"));
        let mut child = command(&setup).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let first = lines.next_line().await.unwrap().expect("devhost ended; see its error above");
        let address = first.strip_prefix("Serving http://").expect(&first).to_owned();
        let output = Arc::new(Mutex::new(Vec::new()));
        let lines_so_far = Arc::clone(&output);
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                lines_so_far.lock().unwrap().push(line);
            }
        });
        Self { address, child, output }
    }

    /// Waits until devhost has written a matching line, and returns it.
    pub(crate) async fn line(&self, matches: impl Fn(&str) -> bool) -> String {
        let find = async || self.output.lock().unwrap().iter().find(|line| matches(line)).cloned();
        match poll_until(find).await {
            Some(line) => line,
            None => panic!("no such line in {:?}", self.output.lock().unwrap()),
        }
    }

    pub(crate) async fn connect(&self) -> Connection {
        let stream = TcpStream::connect(&self.address).await.unwrap();
        let (sender, connection) = handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        Connection { sender, host: self.address.clone() }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.connect().await.send("GET", path, &[], "").await
    }

    pub(crate) async fn post(&self, path: &str, body: &str) -> Answer {
        self.connect().await.send("POST", path, &[], body).await
    }
}

/// Calls `attempt` until it returns a value, for 10 s at most.
pub(crate) async fn poll_until<T>(mut attempt: impl AsyncFnMut() -> Option<T>) -> Option<T> {
    for _ in 0..500 {
        if let Some(value) = attempt().await {
            return Some(value);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    None
}

/// A TCP connection to devhost.
pub(crate) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    host: String,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: hyper::HeaderMap,
    pub(crate) body: String,
}

impl Connection {
    pub(crate) async fn send(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let mut request = hyper::Request::builder().method(method).uri(path);
        if headers.iter().all(|(name, _)| *name != "host") {
            request = request.header("host", &self.host);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::from(body.to_owned())).unwrap();
        let exchange = async {
            let response = self.sender.send_request(request).await.unwrap();
            let (parts, body) = response.into_parts();
            let body = body.collect().await.unwrap().to_bytes();
            Answer {
                status: parts.status.as_u16(),
                headers: parts.headers,
                body: String::from_utf8(body.to_vec()).unwrap(),
            }
        };
        tokio::time::timeout(Duration::from_secs(30), exchange).await.expect("no answer in 30 s")
    }
}

impl Answer {
    #[track_caller]
    pub(crate) fn is(&self, status: u16, body: &str) {
        assert_eq!((self.status, self.body.as_str()), (status, body));
    }

    /// Returns the values of a request header, from an answer of the probe that lists them.
    pub(crate) fn listed(&self, name: &str) -> Vec<&str> {
        let prefix = format!("{name}: ");
        self.body.lines().filter_map(|line| line.strip_prefix(&prefix)).collect()
    }
}
