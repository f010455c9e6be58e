//! The configuration of a component: read once per instance, typed, with every fault reported at once.

use std::collections::BTreeMap;
use std::time::Duration;

/// The names of a component's variables, in groups: each part of its configuration brings its own.
pub type Keys = &'static [&'static [&'static str]];

/// The variables of a component by name, while its configuration is read.
///
/// Readers return `None` after a fault; [`Settings::finish`] reports all faults together.
#[derive(Debug, Default)]
pub struct Settings {
    values: BTreeMap<String, String>,
    faults: Vec<String>,
}

/// The configuration cannot be used. Names every variable that is missing or malformed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the configuration is not complete: {0}")]
pub struct Misconfigured(pub String);

impl FromIterator<(String, String)> for Settings {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(values: I) -> Self {
        Self { values: values.into_iter().collect(), faults: Vec::new() }
    }
}

impl Settings {
    /// Returns whether the component declares the variable, with or without a value.
    #[must_use]
    pub fn declares(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// Reads a variable that may be empty.
    #[must_use]
    pub fn optional(&self, name: &str) -> &str {
        self.values.get(name).map_or("", |value| value.trim())
    }

    /// Reads a variable that must not be empty.
    pub fn required(&mut self, name: &str) -> Option<String> {
        let value = self.optional(name).to_owned();
        if value.is_empty() {
            self.faults.push(format!("the variable {name} is empty"));
            return None;
        }
        Some(value)
    }

    /// Reads the base URL of another service, without a slash at its end.
    pub fn base_url(&mut self, name: &str) -> Option<String> {
        self.required(name).map(|url| url.trim_end_matches('/').to_owned())
    }

    /// Reads a variable with `read`.
    pub fn parsed<T, E: std::fmt::Display>(
        &mut self,
        name: &str,
        read: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        match read(self.optional(name)) {
            Ok(value) => Some(value),
            Err(error) => {
                self.faults.push(format!("the variable {name}: {error}"));
                None
            }
        }
    }

    /// Reads a positive whole number of milliseconds.
    pub fn milliseconds(&mut self, name: &str) -> Option<Duration> {
        self.parsed(name, |text| match text.parse() {
            Ok(milliseconds @ 1..) => Ok(Duration::from_millis(milliseconds)),
            _ => Err("is not a whole number of milliseconds"),
        })
    }

    /// Reads a whole number that is `least` or more.
    pub fn number(&mut self, name: &str, least: i64) -> Option<i64> {
        self.parsed(name, |text| match text.parse() {
            Ok(number) if number >= least => Ok(number),
            _ => Err(format!("is not a whole number from {least} on")),
        })
    }

    /// Returns the configuration that `build` makes of the values, if none of them has a fault.
    ///
    /// # Errors
    /// Names every variable that is missing or malformed.
    pub fn finish<T>(self, build: impl FnOnce() -> Option<T>) -> Result<T, Misconfigured> {
        if !self.faults.is_empty() {
            return Err(Misconfigured(self.faults.join("; ")));
        }
        build().ok_or_else(|| Misconfigured("a variable was lost without a fault".to_owned()))
    }
}

/// The address of a PostgreSQL database and the login to it. Its `Debug` form omits both.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseAddress(String);

impl DatabaseAddress {
    /// The variables of [`DatabaseAddress::read`].
    pub const KEYS: &'static [&'static str] = &["db_host", "db_port", "db_name", "db_user", "db_password"];

    /// Reads the address of the service's database. `application` names the service in PostgreSQL's own views.
    pub fn read(settings: &mut Settings, application: &str) -> Option<Self> {
        let parts = [
            ("host", settings.required("db_host")),
            ("port", settings.required("db_port")),
            ("dbname", settings.required("db_name")),
            ("user", settings.required("db_user")),
            ("password", settings.required("db_password")),
            ("application_name", Some(application.to_owned())),
        ];
        // The default of sslmode, `prefer`, costs a round trip; the Cloud SQL proxy encrypts the connection.
        let mut address = "sslmode=disable".to_owned();
        for (key, value) in parts {
            let value = value?.replace('\\', "\\\\").replace('\'', "\\'");
            address.push_str(&format!(" {key}='{value}'"));
        }
        Some(Self(address))
    }

    /// Returns the address in libpq's form, `key='value'` pairs, password included.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for DatabaseAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DatabaseAddress(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(values: &[(&str, &str)]) -> Settings {
        values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn every_fault_is_reported_at_once() {
        let mut settings = settings(&[("call_timeout_ms", "soon")]);
        let token = settings.required("service_token");
        let timeout = settings.milliseconds("call_timeout_ms");
        let faults = "the variable service_token is empty; \
                      the variable call_timeout_ms: is not a whole number of milliseconds";
        assert_eq!(settings.finish(|| Some((token?, timeout?))), Err(Misconfigured(faults.to_owned())));
    }

    #[test]
    fn values_are_read_by_type() {
        let mut settings = settings(&[("a", " x "), ("n", "7"), ("ms", "250"), ("url", "http://u/")]);
        let values = (settings.number("n", 1), settings.milliseconds("ms"), settings.base_url("url"));
        assert_eq!(values, (Some(7), Some(Duration::from_millis(250)), Some("http://u".to_owned())));
        assert_eq!((settings.optional("a"), settings.optional("b")), ("x", ""));
        assert!(settings.declares("a") && !settings.declares("b"));
        assert_eq!(settings.finish(|| Some(1)), Ok(1));
    }

    #[test]
    fn a_password_cannot_add_parameters_to_the_address_and_is_not_logged() {
        let mut settings = settings(&[
            ("db_host", "h"),
            ("db_port", "5432"),
            ("db_name", "d"),
            ("db_user", "u"),
            ("db_password", r"it's\ host=evil"),
        ]);
        let address = DatabaseAddress::read(&mut settings, "users").unwrap();
        assert!(address.expose().contains(r"password='it\'s\\ host=evil'"), "{}", address.expose());
        assert_eq!(format!("{address:?}"), "DatabaseAddress(..)");
        assert!(settings.finish(|| Some(())).is_ok());
    }
}
