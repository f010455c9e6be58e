//! `up`: runs the whole shop.

mod application;
mod options;
mod services;

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use anyhow::Context as _;

use self::application::JOBS;
pub(crate) use self::application::{Host, choose_host};
pub(crate) use self::options::Options;
use crate::error::Advise as _;
use crate::migrate::{ACCOUNTS, Account};
use crate::prerequisites::{Need, ensure};
use crate::process::root;
use crate::server::Server;
use crate::state::{Database, State};
use crate::steps::step;
use crate::{build, http, interrupt, secrets};

/// Variables of the application by name.
type Variables = BTreeMap<String, String>;

/// The variables that differ in development. The developer's environment has precedence.
const DEVELOPMENT: [(&str, &str); 2] = [
    // Notifications are written to the log.
    ("ENVIRONMENT", "development"),
    // A developer's requests have one address, and may register more than ten accounts in a minute.
    ("REGISTRATIONS_PER_MINUTE", "600"),
];

/// Runs the shop until a signal arrives.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let started = Instant::now();
    let state = State::new(options.state.as_deref())?;
    let kept = prepare(options, &state)?;
    let secrets = secrets::load_or_create(&state.file("dev.env"))?;
    let mut variables: Variables = secrets.clone();
    variables.extend(DEVELOPMENT.map(|(name, value)| (name.to_owned(), value.to_owned())));
    // Dropped in reverse order: the servers first, then the database.
    let _database = services::database(options, kept.as_ref(), &secrets, &mut variables)?;
    let mut servers = Vec::new();
    if let Some(emulator) = services::firestore(options, &state, &mut variables)? {
        state.record(&emulator)?;
        servers.push(emulator);
    }
    let host = choose_host(options.host.as_deref())?;
    let start = || application::start(options, host, &state, &variables);
    let (server, address) = step("start the application", start)?;
    state.record(&server)?;
    servers.push(server);
    announce(&format!("http://{address}"), &state, started);

    let token = secrets.get("SERVICE_TOKEN").map(String::as_str).unwrap_or_default();
    // devhost calls the jobs itself; spin has no such option.
    let jobs = (host == Host::Spin).then(|| Jobs::new(&address, token));
    watch(&mut servers, jobs).advise(format!("The logs are in {}.", state.file("logs").display()))
}

/// Checks the requirements and the options, then builds. Returns the kept database, unless the options name another one.
fn prepare(options: &Options, state: &State) -> anyhow::Result<Option<Database>> {
    let is_kept = options.database_url.is_none();
    let needs_postgres = is_kept && options.postgres.is_none();
    ensure(if needs_postgres { &[Need::Wasm, Need::Postgres] } else { &[Need::Wasm] })?;
    choose_host(options.host.as_deref())?;
    let kept = is_kept.then(|| state.database(options.postgres.as_deref())).transpose()?;
    state.stop_leftovers();
    let listen = options.listen();
    TcpListener::bind(listen)
        .with_context(|| format!("cannot listen on {listen}"))
        .advise("Stop the program that uses this address, or choose another with --listen.")?;
    build::components()?;
    build::tools()?;
    std::fs::create_dir_all(state.file("logs"))?;
    Ok(kept)
}

/// Watches the servers and calls the jobs until a signal arrives.
fn watch(servers: &mut [Server], mut jobs: Option<Jobs>) -> anyhow::Result<()> {
    while !interrupt::wait(Duration::from_millis(300)) {
        if let Err(error) = servers.iter_mut().try_for_each(Server::check) {
            // The signal ends the servers, too.
            return if interrupt::is_requested() { Ok(()) } else { Err(error) };
        }
        if let Some(jobs) = &mut jobs {
            jobs.call();
        }
    }
    eprintln!("\nstopping");
    Ok(())
}

/// The jobs of the application, each with the time of its next call.
struct Jobs {
    address: String,
    authorization: String,
    due: [Instant; JOBS.len()],
}

impl Jobs {
    fn new(address: &str, token: &str) -> Self {
        let authorization = format!("authorization: Bearer {token}\r\n");
        Self {
            address: address.to_owned(),
            authorization,
            due: JOBS.map(|(every, _)| Instant::now() + every),
        }
    }

    /// Calls the jobs that are due. A job that fails is called again at its next time.
    fn call(&mut self) {
        for (due, (every, path)) in self.due.iter_mut().zip(JOBS) {
            if Instant::now() >= *due {
                *due = Instant::now() + every;
                let (address, authorization) = (self.address.clone(), self.authorization.clone());
                // In a thread, so that a slow answer does not delay the end of this tool.
                std::thread::spawn(move || http::request("POST", &address, path, &authorization));
            }
        }
    }
}

fn announce(url: &str, state: &State, started: Instant) {
    println!("\nThe shop is open at {url}, after {} s.\n", started.elapsed().as_secs());
    for Account { email, role, password, .. } in ACCOUNTS {
        println!("  {role:<9} {email:<18} {password}");
    }
    let log = state.file("logs/components.log");
    let log = log.strip_prefix(root()).unwrap_or(&log).display();
    println!(
        "
  curl {url}/products?category=Electronics
  curl {url}/users/login -H 'content-type: application/json' -d '{{\"email\":\"ada@example.com\",\"password\":\"correct horse battery\"}}'
  curl {url}/orders/cart -H \"authorization: Bearer $TOKEN\" -H 'content-type: application/json' -d '{{\"productId\":1,\"quantity\":2}}'

The services' log is in {log}. Ctrl-C stops everything; `cargo xtask reset` starts over."
    );
}
