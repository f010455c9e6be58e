//! Pools the connections to PostgreSQL and checks their addresses.
//!
//! Spin returns a connection to the pool while its transaction is open, and the next request runs inside that transaction.
//! Here such a connection is closed and logged, so that the error appears where it was made.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, RecyclingMethod, Runtime};
use tokio_postgres::NoTls;
use tokio_postgres::config::{Config, Host};

use crate::allow::AllowedHosts;
use crate::bindings::spin::postgres::postgres::Error;
use crate::guest::Component;

/// Spin's pool size for each component and address.
const POOL_SIZE: usize = 64;

/// The maximum wait for a free connection. Spin waits without a limit; here the limit makes a leak visible.
const POOL_WAIT: Duration = Duration::from_secs(30);

/// The pools of a component by address.
#[derive(Default)]
pub(crate) struct Pools(Mutex<BTreeMap<String, Pool>>);

/// A connection from a pool.
pub(crate) struct Client {
    /// `Some` until it is dropped.
    object: Option<Object>,
    component: String,
    in_transaction: AtomicBool,
}

/// Takes a connection from the pool of the component and the address.
pub(crate) async fn open(component: &Component, address: &str) -> Result<Client, Error> {
    let config: Config = address
        .parse()
        .map_err(|error| Error::ConnectionFailed(format!("the address cannot be read: {error}")))?;
    check(&config, &component.allowed_hosts)?;
    let pool = component.pools.at(address, config);
    let object = pool.get().await.map_err(|error| Error::ConnectionFailed(format!("{error:?}")))?;
    Ok(Client { object: Some(object), component: component.name.clone(), in_transaction: false.into() })
}

/// Rejects an address that is not on the allow list.
fn check(config: &Config, allowed: &AllowedHosts) -> Result<(), Error> {
    let refuse = |message: String| Err(Error::ConnectionFailed(message));
    // The driver connects to the hostaddr and ignores the host, which is what the allow list checks.
    if !config.get_hostaddrs().is_empty() {
        return refuse("hostaddr is not permitted".to_owned());
    }
    for (index, host) in config.get_hosts().iter().enumerate() {
        let Host::Tcp(host) = host else {
            return refuse("unix sockets are not reachable".to_owned());
        };
        let ports = config.get_ports();
        let port = ports.get(index).or(ports.first()).copied().unwrap_or(5432);
        if !allowed.allows("postgres", host, port) {
            return refuse(format!("address postgres://{host}:{port} is not permitted"));
        }
    }
    Ok(())
}

impl Pools {
    fn at(&self, address: &str, config: Config) -> Pool {
        let mut pools = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let create = || {
            let manager_config = ManagerConfig { recycling_method: RecyclingMethod::Clean };
            let manager = Manager::from_config(config, NoTls, manager_config);
            let builder = Pool::builder(manager).max_size(POOL_SIZE).runtime(Runtime::Tokio1);
            builder.wait_timeout(Some(POOL_WAIT)).build()
        };
        match pools.get(address) {
            Some(pool) => pool.clone(),
            #[expect(
                clippy::expect_used,
                reason = "fails only for timeouts without a runtime, and there is one"
            )]
            None => pools.entry(address.to_owned()).or_insert(create().expect("a runtime is set")).clone(),
        }
    }
}

impl std::fmt::Debug for Pools {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pools(..)")
    }
}

impl Client {
    pub(crate) fn object(&self) -> Result<&Object, Error> {
        self.object.as_ref().ok_or_else(|| Error::ConnectionFailed("the connection is closed".to_owned()))
    }

    /// Records that a statement is sent. One that begins a transaction counts from here, because its answer may be lost.
    pub(crate) fn record_start(&self, statement: &str) {
        if effect(statement) == Effect::Begins {
            self.in_transaction.store(true, Ordering::Relaxed);
        }
    }

    /// Records that a statement has succeeded.
    pub(crate) fn record_success(&self, statement: &str) {
        if effect(statement) == Effect::Ends {
            self.in_transaction.store(false, Ordering::Relaxed);
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let Some(object) = self.object.take() else { return };
        if *self.in_transaction.get_mut() {
            crate::log(&format!("{}: a connection was dropped inside a transaction", self.component));
            drop(Object::take(object));
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Effect {
    Begins,
    Ends,
    None,
}

/// Returns the effect of a statement on the transaction, by its first word: Spin's interface takes one statement at a time.
fn effect(statement: &str) -> Effect {
    let mut words = without_comments(statement)
        .split(|letter: char| !letter.is_ascii_alphabetic())
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase);
    let first = words.next().unwrap_or_default();
    match first.as_str() {
        "begin" | "start" => Effect::Begins,
        // ROLLBACK TO SAVEPOINT keeps the transaction open, AND CHAIN begins another one.
        "commit" | "end" | "rollback" | "abort" => {
            let rest: Vec<String> = words.collect();
            let has = |word: &str| rest.iter().any(|other| other == word);
            let stays = has("to") || has("prepared") || (has("chain") && !has("no"));
            if stays { Effect::None } else { Effect::Ends }
        }
        _ => Effect::None,
    }
}

/// Returns the statement from its first word on.
fn without_comments(statement: &str) -> &str {
    let mut rest = statement.trim_start();
    loop {
        let after = if let Some(comment) = rest.strip_prefix("--") {
            comment.split_once('\n').map(|(_, after)| after)
        } else if rest.starts_with("/*") {
            after_block(rest)
        } else {
            return rest;
        };
        rest = after.unwrap_or("").trim_start();
    }
}

/// Returns the text after a block comment, which in PostgreSQL may contain others.
fn after_block(text: &str) -> Option<&str> {
    let (mut depth, mut rest) = (0_usize, text);
    loop {
        if let Some(inner) = rest.strip_prefix("/*") {
            (depth, rest) = (depth.saturating_add(1), inner);
        } else if let Some(outer) = rest.strip_prefix("*/") {
            (depth, rest) = (depth.saturating_sub(1), outer);
            if depth == 0 {
                return Some(rest);
            }
        } else {
            let mut letters = rest.chars();
            letters.next()?;
            rest = letters.as_str();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_word_decides_the_effect_on_the_transaction() {
        for (statement, expected) in [
            ("BEGIN", Effect::Begins),
            ("  begin isolation level serializable", Effect::Begins),
            ("-- why\n/* a /* nested */ note */ START TRANSACTION;", Effect::Begins),
            ("commit;", Effect::Ends),
            ("END", Effect::Ends),
            ("rollback work", Effect::Ends),
            ("commit and no chain", Effect::Ends),
            ("rollback to savepoint a", Effect::None),
            ("commit and chain", Effect::None),
            ("commit prepared 'x'", Effect::None),
            ("select 'begin'", Effect::None),
            ("beginning", Effect::None),
            ("/* begin", Effect::None),
            ("", Effect::None),
        ] {
            assert_eq!(effect(statement), expected, "{statement}");
        }
    }

    #[track_caller]
    fn refusal(address: &str) -> Option<String> {
        let allowed = AllowedHosts::parse(&["postgres://db.test:5432".to_owned()]).unwrap();
        match check(&address.parse().unwrap(), &allowed) {
            Ok(()) => None,
            Err(Error::ConnectionFailed(message)) => Some(message),
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_address_needs_every_host_and_port_on_the_list() {
        assert_eq!(refusal("host=db.test"), None);
        assert_eq!(refusal("postgres://u:p@db.test:5432/x"), None);
        let message = refusal("host=db.test port=5433").unwrap();
        assert_eq!(message, "address postgres://db.test:5433 is not permitted");
        assert!(refusal("host=db.test,other.test").unwrap().contains("other.test"));
        assert!(refusal("host=/var/run/postgresql").unwrap().contains("unix"));
        assert!(refusal("host=db.test hostaddr=10.0.0.1").unwrap().contains("hostaddr"));
        assert!(refusal("hostaddr=10.0.0.1").unwrap().contains("hostaddr"));
    }
}
