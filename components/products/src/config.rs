//! The configuration: the variables of the component.

use std::time::Duration;

use capability::{DatabaseAddress, Keys, Misconfigured, Settings};
use identity::Authentication;
use web::EdgeConfig;

use crate::clients::orders::OrdersClient;

/// The configuration, read once per instance.
#[derive(Debug)]
pub struct Config {
    pub edge: EdgeConfig,
    pub authentication: Authentication,
    pub orders: OrdersClient,
    /// The maximum age of a cached read in milliseconds; 0 disables the cache.
    pub catalog_cache_ms: i64,
}

/// The configuration of the host.
#[derive(Debug)]
pub struct HostConfig {
    pub database: DatabaseAddress,
    /// The time limit of a statement.
    pub call_timeout: Duration,
}

impl Config {
    /// The component's variables in `spin.toml`.
    pub const KEYS: Keys = &[
        DatabaseAddress::KEYS,
        Authentication::KEYS,
        EdgeConfig::KEYS,
        &["orders_url", "catalog_cache_ms", "call_timeout_ms"],
    ];

    /// Reads the variables.
    ///
    /// # Errors
    /// Names every variable that is missing or malformed.
    pub fn read(mut settings: Settings) -> Result<(Self, HostConfig), Misconfigured> {
        let database = DatabaseAddress::read(&mut settings, "products");
        let call_timeout = settings.milliseconds("call_timeout_ms");
        let authentication = Authentication::read(&mut settings);
        let orders_url = settings.base_url("orders_url");
        let catalog_cache_ms = settings.number("catalog_cache_ms", 0);
        let edge = EdgeConfig::read(&mut settings);
        settings.finish(|| {
            let edge = edge?;
            let orders = OrdersClient::new(orders_url?, edge.service_token.clone());
            let config =
                Self { edge, authentication: authentication?, orders, catalog_cache_ms: catalog_cache_ms? };
            Some((config, HostConfig { database: database?, call_timeout: call_timeout? }))
        })
    }
}
