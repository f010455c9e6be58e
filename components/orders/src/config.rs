//! The configuration of the service, from its variables.

use std::time::Duration;

use capability::{Keys, Misconfigured, Settings};
use firestore::{Credentials, Firestore};
use identity::Authentication;
use web::EdgeConfig;
use webhook::Receiver;

/// Read once per instance.
#[derive(Debug)]
pub struct Config {
    pub(crate) edge: EdgeConfig,
    pub(crate) authentication: Authentication,
    pub(crate) firestore: Firestore,
    /// Without a slash at its end.
    pub(crate) products_url: String,
    /// How many orders a user may place in a minute: each reserves stock that other users cannot buy.
    pub(crate) orders_per_minute: i64,
    /// The receiver of order events.
    pub(crate) receiver: Receiver,
}

impl Config {
    /// The component's variables in `spin.toml`.
    pub const KEYS: Keys = &[
        EdgeConfig::KEYS,
        Authentication::KEYS,
        Receiver::KEYS,
        &["firestore_url", "firestore_project", "firestore_database", "firestore_auth"],
        &["products_url", "orders_per_minute", "call_timeout_ms"],
    ];

    /// Reads the variables, and the time limit of every outbound request.
    ///
    /// # Errors
    /// [`Misconfigured`] lists all variables that are missing or malformed.
    pub fn read(mut settings: Settings) -> Result<(Self, Duration), Misconfigured> {
        let edge = EdgeConfig::read(&mut settings);
        let authentication = Authentication::read(&mut settings);
        let receiver = Receiver::read(&mut settings);
        let firestore = read_firestore(&mut settings);
        let products_url = settings.base_url("products_url");
        let orders_per_minute = settings.number("orders_per_minute", 1);
        let call_timeout = settings.milliseconds("call_timeout_ms");
        settings.finish(|| {
            let config = Self {
                edge: edge?,
                authentication: authentication?,
                firestore: firestore?,
                products_url: products_url?,
                orders_per_minute: orders_per_minute?,
                receiver: receiver?,
            };
            Some((config, call_timeout?))
        })
    }
}

fn read_firestore(settings: &mut Settings) -> Option<Firestore> {
    let url = settings.base_url("firestore_url");
    let project = settings.required("firestore_project");
    let database = settings.required("firestore_database");
    let credentials = settings.parsed("firestore_auth", |text| match text {
        "emulator" => Ok(Credentials::Emulator),
        "google" => Ok(Credentials::google()),
        _ => Err("is neither google nor emulator"),
    });
    Some(Firestore::new(&url?, &project?, &database?, credentials?))
}
