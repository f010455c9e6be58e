//! What the service is told by its variables.

use std::time::Duration;

use capability::{DatabaseAddress, Misconfigured, Settings};
use web::Origins;

/// The configuration, read once per instance.
#[derive(Debug)]
pub struct Config {
    /// What the other services present on internal routes.
    pub service_token: String,
    /// Whose pages may call.
    pub origins: Origins,
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
        "service_token",
        "cors_origins",
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
        let service_token = settings.required("service_token");
        let origins = Origins::parse(settings.optional("cors_origins"));
        settings.finish((Self { service_token, origins }, host))
    }
}
