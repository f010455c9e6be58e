//! The configuration of the service, from its variables.

use std::time::Duration;

use capability::{DatabaseAddress, Keys, Misconfigured, Settings};
use identity::keys::SigningKeys;
use identity::{HashCost, SigningKey, TokenIssuer, VerificationKeys};
use web::EdgeConfig;
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
    pub receiver: Receiver,
    pub edge: EdgeConfig,
}

/// The configuration of the host.
#[derive(Debug)]
pub struct HostConfig {
    pub database: DatabaseAddress,
    /// The limit on every statement and every outbound request.
    pub call_timeout: Duration,
}

impl Config {
    pub const KEYS: Keys = &[
        DatabaseAddress::KEYS,
        &[
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
            "call_timeout_ms",
        ],
        EdgeConfig::KEYS,
        Receiver::KEYS,
    ];

    pub fn read(mut settings: Settings) -> Result<(Self, HostConfig), Misconfigured> {
        let host = host_config(&mut settings);
        let tokens = tokens(&mut settings);
        let hash_cost = hash_cost(&mut settings);
        let lifetimes = lifetimes(&mut settings);
        let logins = per_minute(&mut settings, "logins_per_minute");
        let registrations = per_minute(&mut settings, "registrations_per_minute");
        let receiver = Receiver::read(&mut settings);
        let edge = EdgeConfig::read(&mut settings);
        settings.finish(|| {
            let config = Self {
                tokens: tokens?,
                hash_cost: hash_cost?,
                lifetimes: lifetimes?,
                logins: logins?,
                registrations: registrations?,
                receiver: receiver?,
                edge: edge?,
            };
            Some((config, host?))
        })
    }
}

fn host_config(settings: &mut Settings) -> Option<HostConfig> {
    let database = DatabaseAddress::read(settings, "users");
    let call_timeout = settings.milliseconds("call_timeout_ms");
    Some(HostConfig { database: database?, call_timeout: call_timeout? })
}

fn tokens(settings: &mut Settings) -> Option<TokenIssuer> {
    let current = settings.parsed("token_signing_key", SigningKey::parse);
    let retired = settings.parsed("token_retired_signing_key", |text| match text {
        // Some secret stores do not accept an empty secret.
        "" | "none" => Ok(None),
        text => SigningKey::parse(text).map(Some),
    });
    let verification_keys = settings.parsed("token_verification_keys", VerificationKeys::parse);
    let issuer = settings.required("token_issuer");
    let audience = settings.required("token_audience");
    let signing_keys = SigningKeys { current: current?, retired: retired? };
    Some(TokenIssuer::new(signing_keys, verification_keys?, &issuer?, &audience?))
}

fn hash_cost(settings: &mut Settings) -> Option<HashCost> {
    let mut number = |name| Some(u32::try_from(settings.number(name, 1)?).unwrap_or(u32::MAX));
    let (memory_kib, passes) = (number("password_memory_kib"), number("password_passes"));
    let (memory_kib, passes) = (memory_kib?, passes?);
    settings.parsed("password_memory_kib", |_| HashCost::new(memory_kib, passes))
}

fn lifetimes(settings: &mut Settings) -> Option<Lifetimes> {
    let absolute_s = settings.number("session_lifetime_s", 1);
    let idle_s = settings.number("session_idle_s", 1);
    Some(Lifetimes { absolute_s: absolute_s?, idle_s: idle_s? })
}

fn per_minute(settings: &mut Settings, name: &str) -> Option<AttemptLimit> {
    settings.number(name, 1).map(|attempts| AttemptLimit { attempts, window_s: 60 })
}
