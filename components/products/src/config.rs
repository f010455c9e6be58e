//! What the service is told by its variables.

use std::time::Duration;

use capability::{DatabaseAddress, Misconfigured, Settings};
use identity::keys::InvalidKey;
use identity::{TokenVerifier, VerificationKeys};
use web::{Cursors, Identification, Origins};

/// The configuration, read once per instance.
#[derive(Debug)]
pub struct Config {
    /// Gets to know callers.
    pub identification: Identification,
    /// Where the orders service is, without a slash at the end.
    pub orders_url: String,
    /// What this service presents on internal routes, and what is presented on its own.
    pub service_token: String,
    /// How old an answer of the catalogue may be, in milliseconds; 0 for not at all.
    pub catalog_cache_ms: i64,
    /// Makes and reads the cursors of lists.
    pub cursors: Cursors,
    /// Whose pages may call.
    pub origins: Origins,
    /// The Google Cloud project that the log is kept in; empty if it is none.
    pub gcp_project: String,
}

/// What only the host needs to know.
#[derive(Debug)]
pub struct HostConfig {
    /// Where products_db is.
    pub database: DatabaseAddress,
    /// The limit on every statement.
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
        "users_url",
        "orders_url",
        "token_verification_keys",
        "token_issuer",
        "token_audience",
        "catalog_cache_ms",
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
            database: settings.database("products"),
            call_timeout: settings.milliseconds("call_timeout_ms"),
        };
        let mut url = |name: &str| settings.required(name).trim_end_matches('/').to_owned();
        let (users_url, orders_url) = (url("users_url"), url("orders_url"));
        let keys =
            settings.parsed("token_verification_keys", None, |text| VerificationKeys::parse(text).map(Some));
        let (issuer, audience) = (settings.required("token_issuer"), settings.required("token_audience"));
        let catalog_cache_ms = settings.number("catalog_cache_ms", 0);
        let service_token = settings.required("service_token");
        let origins = Origins::parse(settings.optional("cors_origins"));
        let gcp_project = settings.optional("gcp_project").to_owned();
        settings.finish(())?;
        let keys = keys.ok_or_else(|| Misconfigured(InvalidKey.to_string()))?;
        let identification = Identification::new(TokenVerifier::new(keys, &issuer, &audience), users_url);
        let cursors = Cursors::new(&service_token);
        Ok((
            Self {
                identification,
                orders_url,
                service_token,
                catalog_cache_ms,
                cursors,
                origins,
                gcp_project,
            },
            host,
        ))
    }
}
