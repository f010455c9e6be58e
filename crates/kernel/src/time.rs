use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A moment in UTC, to the microsecond: what PostgreSQL and Firestore keep. RFC 3339 on the wire.
/// The default is the start of 1970.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(jiff::Timestamp);

impl Timestamp {
    /// The moment this many microseconds after 1970, or `None` past the year 9999.
    #[must_use]
    pub fn from_unix_micros(micros: i64) -> Option<Self> {
        jiff::Timestamp::from_microsecond(micros).ok().map(Self)
    }

    /// Microseconds since 1970.
    #[must_use]
    pub fn unix_micros(self) -> i64 {
        self.0.as_microsecond()
    }

    /// Whole seconds since 1970, the unit of JWT claims (RFC 7519 section 2).
    #[must_use]
    pub fn unix_seconds(self) -> i64 {
        self.0.as_second()
    }

    /// Reads RFC 3339.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        text.parse().ok().map(Self)
    }

    /// The moment `duration` later, or `None` past the year 9999.
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
    fn a_moment_is_written_and_read_as_rfc_3339() {
        let moment = Timestamp::parse("2026-03-01T12:00:00.25+01:00").unwrap();
        assert_eq!(moment.to_string(), "2026-03-01T11:00:00.25Z");
        assert_eq!(moment.unix_micros(), 1_772_362_800_250_000);
        assert_eq!(serde_json::to_string(&moment).unwrap(), r#""2026-03-01T11:00:00.25Z""#);
        assert_eq!(Timestamp::parse("2026-03-01"), None);
    }
}
