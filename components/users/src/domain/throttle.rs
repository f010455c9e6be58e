//! Limits on attempts. The database counts them for all instances together, before the costly work of an attempt.

use serde::Deserialize;

/// A number of attempts within a window of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AttemptLimit {
    pub attempts: i64,
    /// Starts with the first attempt.
    pub window_s: i64,
}

/// The database's answer to an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Admission {
    pub is_admitted: bool,
    pub limit: i64,
    pub window_s: i64,
    pub remaining: i64,
    /// Seconds until the window ends.
    pub reset_s: i64,
}

/// The limit on attempts is exceeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many {attempts}")]
pub struct TooManyAttempts {
    /// Names the attempts that were counted: `logins from this address`.
    pub attempts: &'static str,
    pub admission: Admission,
}

impl Admission {
    /// Rejects the attempt if the limit is exceeded. `attempts` names what was counted.
    pub fn check(self, attempts: &'static str) -> Result<(), TooManyAttempts> {
        if self.is_admitted { Ok(()) } else { Err(TooManyAttempts { attempts, admission: self }) }
    }
}
