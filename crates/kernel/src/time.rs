use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A time in UTC with the precision of PostgreSQL and Firestore, a microsecond. RFC 3339 in JSON. The default is the start of
/// 1970.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(jiff::Timestamp);

impl Timestamp {
    /// Creates the time this many microseconds after the start of 1970. Returns `None` beyond the year 9999.
    #[must_use]
    pub fn from_unix_micros(micros: i64) -> Option<Self> {
        jiff::Timestamp::from_microsecond(micros).ok().map(Self)
    }

    /// Returns the microseconds since the start of 1970.
    #[must_use]
    pub fn unix_micros(self) -> i64 {
        self.0.as_microsecond()
    }

    /// Returns the whole seconds since the start of 1970, the unit of JWT claims (RFC 7519 section 2).
    #[must_use]
    pub fn unix_seconds(self) -> i64 {
        self.0.as_second()
    }

    /// Parses RFC 3339.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        text.parse().ok().map(Self)
    }

    /// Returns the time `duration` later, or `None` beyond the year 9999.
    #[must_use]
    pub fn checked_add(self, duration: Duration) -> Option<Self> {
        self.0.checked_add(duration).ok().map(Self)
    }
}

impl std::fmt::Display for Timestamp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_and_parsed_as_rfc_3339() {
        let time = Timestamp::parse("2026-03-01T12:00:00.25+01:00").unwrap();
        assert_eq!(time.to_string(), "2026-03-01T11:00:00.25Z");
        assert_eq!(time.unix_micros(), 1_772_362_800_250_000);
        assert_eq!(serde_json::to_string(&time).unwrap(), r#""2026-03-01T11:00:00.25Z""#);
        assert_eq!(Timestamp::parse("2026-03-01"), None);
    }
}
