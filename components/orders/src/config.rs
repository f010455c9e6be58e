//! The configuration of the service, from its variables.

use std::time::Duration;

use capability::{Misconfigured, Settings};
use firestore::{Credentials, Firestore};
use identity::keys::InvalidKey;
use identity::{TokenVerifier, VerificationKeys};
use web::{Cursors, Origins};
use webhook::Receiver;

use crate::interim::Authentication;

/// Read once per instance.
#[derive(Debug)]
pub struct Config {
    pub(crate) firestore: Firestore,
    pub(crate) authentication: Authentication,
    /// Without a slash at its end.
    pub(crate) products_url: String,
    /// Sent to the internal routes of other services, and required on those of this one.
    pub(crate) service_token: String,
    pub(crate) cursors: Cursors,
    /// How many orders a user may place in a minute: each reserves stock that other users cannot buy.
    pub(crate) orders_per_minute: i64,
    /// The receiver of order events.
    pub(crate) receiver: Receiver,
    pub(crate) origins: Origins,
    /// The Google Cloud project of the log; empty if there is none.
    pub(crate) gcp_project: String,
}

impl Config {
    /// The component's variables in `spin.toml`.
    pub const KEYS: &'static [&'static str] = &[
        "firestore_url",
        "firestore_project",
        "firestore_database",
        "firestore_auth",
        "users_url",
        "products_url",
        "token_verification_keys",
        "token_issuer",
        "token_audience",
        "orders_per_minute",
        "environment",
        "notification_url",
        "notification_path",
        "notification_secrets",
        "service_token",
        "cors_origins",
        "gcp_project",
        "call_timeout_ms",
    ];

    /// Reads the variables, and the time limit of every outbound request.
    ///
    /// # Errors
    /// [`Misconfigured`] lists all variables that are missing or malformed.
    pub fn read(mut settings: Settings) -> Result<(Self, Duration), Misconfigured> {
        let mut url = |name: &str| settings.required(name).trim_end_matches('/').to_owned();
        let (firestore_url, users_url, products_url) =
            (url("firestore_url"), url("users_url"), url("products_url"));
        let project = settings.required("firestore_project");
        let database = settings.required("firestore_database");
        let credentials = settings.parsed("firestore_auth", Credentials::Emulator, |text| match text {
            "emulator" => Ok(Credentials::Emulator),
            "google" => Ok(Credentials::google()),
            _ => Err("is neither google nor emulator"),
        });
        let keys =
            settings.parsed("token_verification_keys", None, |text| VerificationKeys::parse(text).map(Some));
        let (issuer, audience) = (settings.required("token_issuer"), settings.required("token_audience"));
        let service_token = settings.required("service_token");
        let orders_per_minute = settings.number("orders_per_minute", 1);
        let receiver = Receiver::read(&mut settings);
        let origins = Origins::parse(settings.optional("cors_origins"));
        let gcp_project = settings.optional("gcp_project").to_owned();
        let call_timeout = settings.milliseconds("call_timeout_ms");
        settings.finish(())?;
        let keys = keys.ok_or_else(|| Misconfigured(InvalidKey.to_string()))?;
        let config = Self {
            firestore: Firestore::new(&firestore_url, &project, &database, credentials),
            authentication: Authentication {
                tokens: TokenVerifier::new(keys, &issuer, &audience),
                users_url,
            },
            products_url,
            cursors: Cursors::new(&service_token),
            service_token,
            orders_per_minute,
            receiver,
            origins,
            gcp_project,
        };
        Ok((config, call_timeout))
    }
}
