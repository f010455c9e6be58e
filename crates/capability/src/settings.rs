//! Configuration: read once per instance, typed, and complete about what is wrong with it.

use std::collections::BTreeMap;
use std::time::Duration;

/// The variables of a component by name, while its `Config` reads them.
///
/// Faults are collected, so that an operator hears of every missing variable at once.
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
    /// A variable that may be empty.
    #[must_use]
    pub fn optional(&self, name: &str) -> &str {
        self.values.get(name).map_or("", |value| value.trim())
    }

    /// A variable that must not be empty.
    pub fn required(&mut self, name: &str) -> String {
        let value = self.optional(name).to_owned();
        if value.is_empty() {
            self.faults.push(format!("the variable {name} is empty"));
        }
        value
    }

    /// A variable as `read` understands it; `fallback` stands in after a fault.
    pub fn parsed<T, E: std::fmt::Display>(
        &mut self,
        name: &str,
        fallback: T,
        read: impl FnOnce(&str) -> Result<T, E>,
    ) -> T {
        read(self.optional(name)).unwrap_or_else(|error| {
            self.faults.push(format!("the variable {name}: {error}"));
            fallback
        })
    }

    /// A variable that is a whole number of milliseconds, at least 1.
    pub fn milliseconds(&mut self, name: &str) -> Duration {
        self.parsed(name, Duration::from_secs(5), |text| match text.parse() {
            Ok(milliseconds @ 1..) => Ok(Duration::from_millis(milliseconds)),
            _ => Err("is not a whole number of milliseconds"),
        })
    }

    /// A variable that is a whole number from `least` on.
    pub fn number(&mut self, name: &str, least: i64) -> i64 {
        self.parsed(name, least, |text| match text.parse() {
            Ok(number) if number >= least => Ok(number),
            _ => Err(format!("is not a whole number from {least} on")),
        })
    }

    /// The address of the service's PostgreSQL database in the form that Spin takes, from the variables `db_host`,
    /// `db_port`, `db_name`, `db_user` and `db_password`.
    pub fn database(&mut self, application: &str) -> DatabaseAddress {
        let parts = [
            ("host", self.required("db_host")),
            ("port", self.required("db_port")),
            ("dbname", self.required("db_name")),
            ("user", self.required("db_user")),
            ("password", self.required("db_password")),
            ("application_name", application.to_owned()),
        ];
        // sslmode: the default `prefer` costs a round trip, and TLS is the Cloud SQL proxy's business.
        let mut address = "sslmode=disable".to_owned();
        for (key, value) in parts {
            let value = value.replace('\\', "\\\\").replace('\'', "\\'");
            address.push_str(&format!(" {key}='{value}'"));
        }
        DatabaseAddress(address)
    }

    /// What was read, if there was no fault.
    ///
    /// # Errors
    /// [`Misconfigured`] with all faults.
    pub fn finish<T>(self, config: T) -> Result<T, Misconfigured> {
        if self.faults.is_empty() { Ok(config) } else { Err(Misconfigured(self.faults.join("; "))) }
    }
}

/// Where a database is and how to log in to it. Holds the password, so it does not show itself.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseAddress(String);

impl DatabaseAddress {
    /// `key='value'` pairs, as libpq takes them.
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
    fn every_missing_variable_is_named_at_once() {
        let mut settings = settings(&[("call_timeout_ms", "soon")]);
        settings.required("service_token");
        settings.milliseconds("call_timeout_ms");
        let faults = "the variable service_token is empty; \
                      the variable call_timeout_ms: is not a whole number of milliseconds";
        assert_eq!(settings.finish(()), Err(Misconfigured(faults.to_owned())));
    }

    #[test]
    fn a_password_cannot_break_out_of_the_address_and_is_not_shown() {
        let mut settings = settings(&[
            ("db_host", "h"),
            ("db_port", "5432"),
            ("db_name", "d"),
            ("db_user", "u"),
            ("db_password", r"it's\ host=evil"),
        ]);
        let address = settings.database("users");
        assert!(address.expose().contains(r"password='it\'s\\ host=evil'"), "{}", address.expose());
        assert_eq!(format!("{address:?}"), "DatabaseAddress(..)");
        assert!(settings.finish(()).is_ok());
    }
}
