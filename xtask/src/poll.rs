//! Waits for a condition.

use std::thread::sleep;
use std::time::{Duration, Instant};

/// The pause between two attempts.
const INTERVAL: Duration = Duration::from_millis(20);

/// Calls `attempt` until it returns a value, for `limit` at most. Returns the value of the last attempt.
pub(crate) fn poll_until<T>(limit: Duration, mut attempt: impl FnMut() -> Option<T>) -> Option<T> {
    let started = Instant::now();
    loop {
        let value = attempt();
        if value.is_some() || started.elapsed() >= limit {
            return value;
        }
        sleep(INTERVAL);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_returns_the_first_value_or_gives_up_after_the_limit() {
        let mut attempts = 0;
        let third = || {
            attempts += 1;
            (attempts == 3).then_some(attempts)
        };
        assert_eq!(poll_until(Duration::from_secs(10), third), Some(3));
        assert_eq!(poll_until(Duration::ZERO, || None::<()>), None);
    }
}
