//! A whole shop of real processes: PostgreSQL, Firestore's emulator, and the components on devhost or on spin.

use std::io::{BufRead as _, BufReader, Read};
use std::net::TcpListener;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ed25519_dalek::SigningKey;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use serde_json::Value;

use crate::client::{Client, Shopper};
use crate::environment;
use crate::mailbox::Mailbox;
use crate::pg::connect;

/// The seed of the key that signs the tokens.
pub const SIGNING_SEED: [u8; 32] = [42; 32];
/// What the services present to each other.
pub const SERVICE_TOKEN: &str = "a-service-token-for-tests";
/// What messages to people are signed with.
pub const NOTIFICATION_SECRETS: &str =
    "whsec_Zmlyc3Qtbm90aWZpY2F0aW9uLXNlY3JldC0wMQ==,whsec_c2Vjb25kLW5vdGlmaWNhdGlvbi1zZWNyZXQtMDI=";
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
    /// Receives the shop's notifications and order events.
    pub mailbox: Mailbox,
    host: Mutex<Option<Process>>,
    how: HowToHost,
}

/// What it takes to start a host once more.
#[derive(Debug, Clone)]
struct HowToHost {
    manifest: String,
    listen: String,
    variables: Vec<(String, String)>,
}

/// One more host of the same shop.
#[derive(Debug)]
pub struct AnotherHost {
    /// Speaks to it.
    pub client: Client,
    _process: Process,
}

/// A process that is killed when this is dropped.
#[derive(Debug)]
struct Process(Child);

impl Process {
    fn signal(&self, signal: Signal) {
        killpg(self.group(), signal).unwrap();
    }

    fn group(&self) -> Pid {
        Pid::from_raw(self.0.id().try_into().unwrap())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = killpg(self.group(), Signal::SIGKILL);
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
        Self::start_with(database_port, &[])
    }

    /// Starts a shop some of whose variables are others than usual.
    #[must_use]
    pub fn start_with(database_port: u16, variables: &[(&str, &str)]) -> Self {
        let shop = Self::start_unlogged(database_port, variables);
        LOGS.lock().unwrap().push(Arc::clone(&shop.log));
        shop
    }

    /// Starts a shop whose orders service stops after the step that the header `x-stop-after` of a request names. It listens
    /// on `port`, and what it asks products is asked of the host there, or of a proxy in front of it: `variables` say so.
    #[must_use]
    pub fn start_stoppable(database_port: u16, port: u16, variables: &[(&str, &str)]) -> Self {
        let manifest = environment("CARTWHEEL_STOPPABLE_MANIFEST");
        let shop = Self::start_from(&manifest, database_port, port, variables);
        LOGS.lock().unwrap().push(Arc::clone(&shop.log));
        shop
    }

    /// The same, with a log that may have secrets in it.
    #[must_use]
    pub fn start_unlogged(database_port: u16, variables: &[(&str, &str)]) -> Self {
        Self::start_from("spin.toml", database_port, free_port(), variables)
    }

    fn start_from(manifest: &str, database_port: u16, port: u16, variables: &[(&str, &str)]) -> Self {
        let firestore_port = free_port();
        let data =
            std::env::temp_dir().join(format!("cartwheel-e2e-{}-{firestore_port}.json", std::process::id()));
        let firestore = start_firestore(firestore_port, &data);
        let log = Arc::new(Mutex::new(Vec::new()));
        let mailbox = Mailbox::open();
        let given = given(database_port, firestore_port, &mailbox);
        let changed = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let how = HowToHost {
            manifest: manifest.to_owned(),
            listen: format!("127.0.0.1:{port}"),
            variables: given.into_iter().chain(changed).collect(),
        };
        let (host, url) = start_host(&how, Arc::clone(&log));
        let client = Client::new(&url);
        let (firestore, host) = (Mutex::new(Some(firestore)), Mutex::new(Some(host)));
        Self { client, url, log, firestore, firestore_port, data, mailbox, host, how }
    }

    /// Kills the host, with all requests that it serves.
    pub fn kill_host(&self) {
        self.host.lock().unwrap().take();
    }

    /// Starts it again, at the same address.
    pub fn start_host(&self) {
        // The client's other connections learn meanwhile that they are closed.
        let start = || start_host(&self.how, Arc::clone(&self.log)).0;
        *self.host.lock().unwrap() = Some(tokio::task::block_in_place(start));
    }

    /// Stops the host's processes for a while, as a machine that is out of memory does.
    pub fn freeze_host(&self) {
        self.host.lock().unwrap().as_ref().unwrap().signal(Signal::SIGSTOP);
    }

    /// Lets a frozen host go on.
    pub fn thaw_host(&self) {
        self.host.lock().unwrap().as_ref().unwrap().signal(Signal::SIGCONT);
    }

    /// Starts one more host of the same shop, as there are several in a cluster.
    #[must_use]
    pub fn another_host(&self) -> AnotherHost {
        let how = HowToHost { listen: format!("127.0.0.1:{}", free_port()), ..self.how.clone() };
        let (process, url) = start_host(&how, Arc::clone(&self.log));
        AnotherHost { client: Client::new(&url), _process: process }
    }

    /// How many lines the components have written so far.
    #[must_use]
    pub fn log_length(&self) -> usize {
        self.log.lock().unwrap().len()
    }

    /// Waits until a component writes a line with this text behind the first `from` lines.
    pub async fn wait_for_line(&self, from: usize, text: &str) {
        let deadline = Instant::now() + Duration::from_secs(20);
        while !self.log.lock().unwrap().iter().skip(from).any(|line| line.contains(text)) {
            assert!(Instant::now() < deadline, "no log line contains {text:?}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Creates an admin, as the first admin of every shop is created.
    pub async fn admin(&self) -> Shopper {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let email = format!("admin-{number}-{}@example.com", std::process::id());
        let url = environment("CARTWHEEL_TEST_PG").replace("dbname=postgres", "dbname=users_db");
        let mut migrate = Command::new(environment("CARTWHEEL_MIGRATE"));
        migrate.args([
            "create-account",
            "--url",
            &url,
            "--email",
            &email,
            "--name",
            "Some Admin",
            "--role",
            "admin",
        ]);
        let output = migrate.env("ACCOUNT_PASSWORD", "correct horse").output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        self.client.log_in(&email, "correct horse").await
    }

    /// Delivers messages until one of this kind for this address has arrived, and returns it.
    pub async fn mail(&self, email: &str, kind: &str) -> Value {
        for _ in 0..20 {
            let deliver = self.client.call("POST", "/internal/users/notifications/deliver");
            deliver.bearer(SERVICE_TOKEN).send().await.expect(200);
            if let Some(mail) = self.mailbox.latest(email, kind) {
                return mail;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("{email} gets no {kind}");
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
    // A query whose index is not deployed is refused, as Firestore does.
    command.args(["--indexes", &format!("{}/infra/firestore.indexes.json", environment("CARTWHEEL_ROOT"))]);
    start(&mut command, |_| {}).0
}

/// The logs of all shops of this run.
static LOGS: Mutex<Vec<Arc<Mutex<Vec<String>>>>> = Mutex::new(Vec::new());

/// Every line that any component wrote in this run.
#[must_use]
pub fn all_log_lines() -> Vec<String> {
    LOGS.lock().unwrap().iter().flat_map(|log| log.lock().unwrap().clone()).collect()
}

/// `users_db`, with all rights, to set a scene or to look behind it.
pub async fn users_db() -> tokio_postgres::Client {
    database("users_db").await
}

/// `products_db`, in the same way.
pub async fn products_db() -> tokio_postgres::Client {
    database("products_db").await
}

async fn database(name: &str) -> tokio_postgres::Client {
    connect(&environment("CARTWHEEL_TEST_PG").replace("dbname=postgres", &format!("dbname={name}"))).await
}

/// `kid:seed` and `kid:public-key` of a signing key.
#[must_use]
pub fn key_pair(kid: &str, seed: [u8; 32]) -> (String, String) {
    let public = SigningKey::from_bytes(&seed).verifying_key().to_bytes();
    let key = |bytes: [u8; 32]| format!("{kid}:{}", BASE64_URL_SAFE_NO_PAD.encode(bytes));
    (key(seed), key(public))
}

fn given(database_port: u16, firestore_port: u16, mailbox: &Mailbox) -> Vec<(String, String)> {
    let (signing, verification) = key_pair("test-1", SIGNING_SEED);
    let port = database_port.to_string();
    let given = [
        ("USERS_DB_PORT", port.as_str()),
        ("USERS_DB_PASSWORD", PASSWORD),
        ("PRODUCTS_DB_PORT", &port),
        ("PRODUCTS_DB_PASSWORD", PASSWORD),
        ("FIRESTORE_URL", &format!("http://127.0.0.1:{firestore_port}")),
        ("FIRESTORE_AUTH", "emulator"),
        ("SERVICE_TOKEN", SERVICE_TOKEN),
        ("TOKEN_SIGNING_KEY", &signing),
        ("TOKEN_VERIFICATION_KEYS", &verification),
        ("CORS_ORIGINS", ORIGIN),
        ("NOTIFICATION_URL", &mailbox.url),
        ("NOTIFICATION_PATH", "/hook"),
        ("NOTIFICATION_SECRETS", NOTIFICATION_SECRETS),
        // What a test has written it reads at once, from whichever instance.
        ("CATALOG_CACHE_MS", "0"),
        // All tests come from one address. Those of the limits start a shop of their own.
        ("ORDERS_PER_MINUTE", "1000000"),
        ("LOGINS_PER_MINUTE", "1000000"),
        ("REGISTRATIONS_PER_MINUTE", "1000000"),
    ];
    given.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn start_host(how: &HowToHost, log: Arc<Mutex<Vec<String>>>) -> (Process, String) {
    let root = environment("CARTWHEEL_ROOT");
    let mut command = match environment("CARTWHEEL_HOST").as_str() {
        "devhost" => {
            let mut devhost = Command::new(environment("CARTWHEEL_DEVHOST"));
            let cache = std::env::temp_dir().join("cartwheel-e2e-cache");
            devhost.args(["--manifest", &how.manifest, "--listen", &how.listen, "--cache-dir"]).arg(cache);
            devhost
        }
        "spin" => {
            let mut spin = Command::new("spin");
            spin.args(["up", "--from", &how.manifest, "--listen", &how.listen]);
            spin
        }
        other => panic!("CARTWHEEL_HOST is devhost or spin, not {other:?}"),
    };
    for (name, value) in &how.variables {
        command.env(format!("SPIN_VARIABLE_{name}"), value);
    }
    let sink = move |line: String| log.lock().unwrap().push(line);
    start(command.current_dir(root), sink)
}

/// Starts a process and waits for its line `Serving http://..`. The components' log lines, which are JSON, go to `sink`: devhost
/// writes them to its standard output, Spin to its standard error.
fn start(command: &mut Command, sink: impl Fn(String) + Clone + Send + 'static) -> (Process, String) {
    command.process_group(0).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let (stdout, stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    let process = Process(child);
    let (sender, receiver) = mpsc::channel();
    let (ready, errors) = (sender.clone(), sink.clone());
    std::thread::spawn(move || read_lines(stderr, &ready, errors));
    std::thread::spawn(move || read_lines(stdout, &sender, sink));
    let url = receiver.recv_timeout(Duration::from_secs(120));
    (process, url.unwrap_or_else(|_| panic!("{command:?} does not start")))
}

fn read_lines(stream: impl Read, ready: &mpsc::Sender<String>, sink: impl Fn(String)) {
    for line in BufReader::new(stream).lines().map_while(Result::ok) {
        if let Some((_, address)) = line.split_once("Serving http://") {
            ready.send(format!("http://{}", address.trim())).unwrap_or_default();
        } else if line.starts_with('{') {
            sink(line);
        } else {
            println!("{line}");
        }
    }
}

/// Returns a free port.
#[must_use]
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
