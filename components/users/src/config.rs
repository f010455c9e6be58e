//! What the service is told by its variables.

use capability::{DatabaseAddress, Misconfigured, Settings};
use identity::keys::InvalidKey;
use identity::{SigningKey, TokenIssuer, VerificationKeys};
use std::time::Duration;
use web::Origins;

/// The configuration, read once per instance.
#[derive(Debug)]
pub struct Config {
    /// Signs and verifies access tokens.
    pub tokens: TokenIssuer,
    /// Whose pages may call.
    pub origins: Origins,
}

/// What only the host needs to know.
#[derive(Debug)]
pub struct HostConfig {
    /// Where users_db is.
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
        "token_signing_key",
        "token_verification_keys",
        "token_issuer",
        "token_audience",
        "cors_origins",
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
        let verification_keys =
            settings.parsed("token_verification_keys", None, |text| VerificationKeys::parse(text).map(Some));
        let (issuer, audience) = (settings.required("token_issuer"), settings.required("token_audience"));
        let origins = Origins::parse(settings.optional("cors_origins"));
        settings.finish(())?;
        let keys = signing_key.zip(verification_keys).ok_or_else(|| Misconfigured(InvalidKey.to_string()))?;
        Ok((Self { tokens: TokenIssuer::new(keys.0, keys.1, &issuer, &audience), origins }, host))
    }
}
