//! A whole shop of real processes: PostgreSQL, Firestore's emulator, and the components on devhost or on spin.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ed25519_dalek::SigningKey;

use crate::client::Client;
use crate::environment;

/// The seed of the key that signs the tokens.
pub const SIGNING_SEED: [u8; 32] = [42; 32];
/// What the services present to each other.
pub const SERVICE_TOKEN: &str = "a-service-token-for-tests";
const PASSWORD: &str = "a-database-password-for-tests";
/// An origin that may call.
pub const ORIGIN: &str = "https://shop.example";

/// A running shop. It is stopped when this is dropped.
pub struct Shop {
    /// Speaks to it.
    pub client: Client,
    /// `http://127.0.0.1:PORT`
    pub url: String,
    /// What the components wrote.
    pub log: Arc<Mutex<Vec<String>>>,
    firestore: Mutex<Option<Process>>,
    firestore_port: u16,
    data: PathBuf,
    _host: Process,
}

/// A process that is killed when this is dropped.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = Command::new("kill").args(["-KILL", "--", &format!("-{}", self.0.id())]).status();
        let _ = self.0.wait();
    }
}

/// Makes both databases, migrated and seeded.
pub fn prepare_databases() {
    let admin = environment("CARTWHEEL_TEST_PG");
    for service in ["users", "products"] {
        let database = admin.replace("dbname=postgres", &format!("dbname={service}_db"));
        for (command, url) in [("bootstrap", &admin), ("up", &database), ("seed", &database)] {
            let mut migrate = Command::new(environment("CARTWHEEL_MIGRATE"));
            migrate.args([command, "--service", service, "--url", url]).env("ROLE_PASSWORD", PASSWORD);
            let output = migrate.output().unwrap();
            assert!(
                output.status.success(),
                "{command} {service}: {}",
                String::from_utf8_lossy(&output.stderr)
            );
        }
    }
}

/// The port of the PostgreSQL that the tests use.
#[must_use]
pub fn database_port() -> u16 {
    let admin = environment("CARTWHEEL_TEST_PG");
    admin.split_whitespace().find_map(|pair| pair.strip_prefix("port=")).unwrap().parse().unwrap()
}

impl Shop {
    /// Starts a shop whose databases are behind `database_port`.
    #[must_use]
    pub fn start(database_port: u16) -> Self {
        let firestore_port = free_port();
        let data =
            std::env::temp_dir().join(format!("cartwheel-e2e-{}-{firestore_port}.json", std::process::id()));
        let firestore = start_firestore(firestore_port, &data);
        let log = Arc::new(Mutex::new(Vec::new()));
        let (host, url) = start_host(database_port, firestore_port, Arc::clone(&log));
        let client = Client::new(&url);
        let firestore = Mutex::new(Some(firestore));
        Self { client, url, log, firestore, firestore_port, data, _host: host }
    }

    /// Kills Firestore.
    pub fn stop_firestore(&self) {
        self.firestore.lock().unwrap().take();
    }

    /// Starts it again, with what it had committed.
    pub fn start_firestore(&self) {
        *self.firestore.lock().unwrap() = Some(start_firestore(self.firestore_port, &self.data));
    }

    /// Where the Firestore emulator itself is.
    #[must_use]
    pub fn firestore_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.firestore_port)
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.data);
    }
}

fn start_firestore(port: u16, data: &Path) -> Process {
    let mut command = Command::new(environment("CARTWHEEL_FIRESTORE_EMULATOR"));
    command.args(["--listen", &format!("127.0.0.1:{port}"), "--data"]).arg(data);
    start(&mut command, |_| {}).0
}

fn start_host(database_port: u16, firestore_port: u16, log: Arc<Mutex<Vec<String>>>) -> (Process, String) {
    let root = environment("CARTWHEEL_ROOT");
    let mut command = match environment("CARTWHEEL_HOST").as_str() {
        "devhost" => {
            let mut devhost = Command::new(environment("CARTWHEEL_DEVHOST"));
            let cache = std::env::temp_dir().join("cartwheel-e2e-cache");
            devhost.args(["--listen", "127.0.0.1:0", "--cache-dir"]).arg(cache);
            devhost
        }
        "spin" => {
            let mut spin = Command::new("spin");
            spin.args(["up", "--from", "spin.toml", "--listen", &format!("127.0.0.1:{}", free_port())]);
            spin
        }
        other => panic!("CARTWHEEL_HOST is devhost or spin, not {other:?}"),
    };
    let public = SigningKey::from_bytes(&SIGNING_SEED).verifying_key().to_bytes();
    let port = database_port.to_string();
    for (name, value) in [
        ("USERS_DB_PORT", port.as_str()),
        ("USERS_DB_PASSWORD", PASSWORD),
        ("PRODUCTS_DB_PORT", &port),
        ("PRODUCTS_DB_PASSWORD", PASSWORD),
        ("FIRESTORE_URL", &format!("http://127.0.0.1:{firestore_port}")),
        ("FIRESTORE_AUTH", "emulator"),
        ("SERVICE_TOKEN", SERVICE_TOKEN),
        ("TOKEN_SIGNING_KEY", &format!("test-1:{}", BASE64_URL_SAFE_NO_PAD.encode(SIGNING_SEED))),
        ("TOKEN_VERIFICATION_KEYS", &format!("test-1:{}", BASE64_URL_SAFE_NO_PAD.encode(public))),
        ("CORS_ORIGINS", ORIGIN),
    ] {
        command.env(format!("SPIN_VARIABLE_{name}"), value);
    }
    let sink = move |line: String| log.lock().unwrap().push(line);
    start(command.current_dir(root), sink)
}

/// Starts a process and waits for its line `Serving http://..`.
fn start(command: &mut Command, mut sink: impl FnMut(String) + Send + 'static) -> (Process, String) {
    let mut child = command.process_group(0).stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
    let stdout = child.stdout.take().unwrap();
    let process = Process(child);
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            match line.split_once("Serving http://") {
                Some((_, address)) => sender.send(format!("http://{}", address.trim())).unwrap_or_default(),
                None => sink(line),
            }
        }
    });
    let url = receiver.recv_timeout(Duration::from_secs(120));
    (process, url.unwrap_or_else(|_| panic!("{command:?} does not start")))
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
