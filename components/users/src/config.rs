//! The configuration of the service, from its variables.

use std::time::Duration;

use capability::{DatabaseAddress, Misconfigured, Settings};
use identity::keys::{InvalidKey, SigningKeys};
use identity::{HashCost, SigningKey, TokenIssuer, VerificationKeys};
use web::{Cursors, Origins};
use webhook::Receiver;

use crate::domain::session::Lifetimes;
use crate::domain::throttle::AttemptLimit;

/// The configuration, read once per instance.
#[derive(Debug)]
pub struct Config {
    pub tokens: TokenIssuer,
    pub hash_cost: HashCost,
    pub lifetimes: Lifetimes,
    /// Logins from one client.
    pub logins: AttemptLimit,
    /// Registrations from one client, requests for messages, and password resets: each has its own counter.
    pub registrations: AttemptLimit,
    pub trusted_hops: usize,
    pub receiver: Receiver,
    pub service_token: String,
    pub cursors: Cursors,
    pub origins: Origins,
    pub gcp_project: String,
}

/// The configuration of the host.
#[derive(Debug)]
pub struct HostConfig {
    pub database: DatabaseAddress,
    /// The limit on every statement and every outbound request.
    pub call_timeout: Duration,
}

impl Config {
    /// The component's variables in `spin.toml`.
    pub const KEYS: &'static [&'static str] = &[
        "db_host",
        "db_port",
        "db_name",
        "db_user",
        "db_password",
        "token_signing_key",
        "token_retired_signing_key",
        "token_verification_keys",
        "token_issuer",
        "token_audience",
        "password_memory_kib",
        "password_passes",
        "session_lifetime_s",
        "session_idle_s",
        "logins_per_minute",
        "registrations_per_minute",
        "trusted_hops",
        "environment",
        "notification_url",
        "notification_path",
        "notification_secrets",
        "service_token",
        "cors_origins",
        "gcp_project",
        "call_timeout_ms",
    ];

    /// Reads the variables.
    ///
    /// # Errors
    /// [`Misconfigured`] names all that are missing or malformed.
    pub fn read(mut settings: Settings) -> Result<(Self, HostConfig), Misconfigured> {
        let host = HostConfig {
            database: settings.database("users"),
            call_timeout: settings.milliseconds("call_timeout_ms"),
        };
        let signing_key =
            settings.parsed("token_signing_key", None, |text| SigningKey::parse(text).map(Some));
        let retired = settings.parsed("token_retired_signing_key", None, |text| match text {
            // Some keepers of secrets keep no empty one.
            "" | "none" => Ok(None),
            text => SigningKey::parse(text).map(Some),
        });
        let verification_keys =
            settings.parsed("token_verification_keys", None, |text| VerificationKeys::parse(text).map(Some));
        let (issuer, audience) = (settings.required("token_issuer"), settings.required("token_audience"));
        let hash_cost = hash_cost(&mut settings);
        let lifetimes = Lifetimes {
            absolute_s: settings.number("session_lifetime_s", 1),
            idle_s: settings.number("session_idle_s", 1),
        };
        let mut per_minute = |name| AttemptLimit { attempts: settings.number(name, 1), window_s: 60 };
        let (logins, registrations) =
            (per_minute("logins_per_minute"), per_minute("registrations_per_minute"));
        let trusted_hops = usize::try_from(settings.number("trusted_hops", 0)).unwrap_or(0);
        let receiver = Receiver::read(&mut settings);
        let service_token = settings.required("service_token");
        let origins = Origins::parse(settings.optional("cors_origins"));
        let gcp_project = settings.optional("gcp_project").to_owned();
        settings.finish(())?;
        let keys = signing_key.zip(verification_keys).ok_or_else(|| Misconfigured(InvalidKey.to_string()))?;
        let signing_keys = SigningKeys { current: keys.0, retired };
        let config = Self {
            tokens: TokenIssuer::new(signing_keys, keys.1, &issuer, &audience),
            hash_cost,
            lifetimes,
            logins,
            registrations,
            trusted_hops,
            receiver,
            cursors: Cursors::new(&service_token),
            service_token,
            origins,
            gcp_project,
        };
        Ok((config, host))
    }
}

fn hash_cost(settings: &mut Settings) -> HashCost {
    let mut number = |name: &str| u32::try_from(settings.number(name, 1)).unwrap_or(u32::MAX);
    let (memory_kib, passes) = (number("password_memory_kib"), number("password_passes"));
    settings.parsed("password_memory_kib", HashCost::MINIMUM, |_| HashCost::new(memory_kib, passes))
}
