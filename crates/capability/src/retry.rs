//! Repeating: after a conflict with another writer, and until a condition holds.

use std::time::Duration;

use crate::{Clock, Entropy};

/// How often an operation is attempted, and how long it pauses between two attempts.
///
/// Pauses are random, so that clients that collided do not collide again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    attempts: u32,
    first: Duration,
    longest: Duration,
    growth: Growth,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Growth {
    Linear,
    Exponential,
}

/// The outcome of one attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attempt<T> {
    /// The operation is finished.
    Done(T),
    /// Another writer was faster: the operation starts over after a pause.
    Conflict,
    /// The attempt itself has removed the conflict: the operation starts over at once.
    RetryNow,
}

impl Backoff {
    /// Pauses grow by `first` with each attempt, up to `longest`; each is random between 0 and that. For writers that
    /// contend for one document, where the conflict is over as soon as one of them has written.
    #[must_use]
    pub const fn linear(attempts: u32, first: Duration, longest: Duration) -> Self {
        Self { attempts, first, longest, growth: Growth::Linear }
    }

    /// Pauses begin with `first` and double, up to `longest`; each is random between half and one and a half of that.
    /// For a dependency that is down or overloaded.
    #[must_use]
    pub const fn exponential(attempts: u32, first: Duration, longest: Duration) -> Self {
        Self { attempts, first, longest, growth: Growth::Exponential }
    }

    /// Returns the maximum number of attempts.
    #[must_use]
    pub const fn attempts(self) -> u32 {
        self.attempts
    }

    /// Returns the pause after the attempt with this number, which counts from 0.
    #[must_use]
    pub fn pause(self, attempt: u32, entropy: &impl Entropy) -> Duration {
        let [random] = entropy.bytes::<1>();
        let random = u32::from(random);
        let (factor, random) = match self.growth {
            Growth::Linear => (attempt.saturating_add(1), random),
            Growth::Exponential => {
                (1_u32.checked_shl(attempt).unwrap_or(u32::MAX), random.saturating_add(128))
            }
        };
        self.first.saturating_mul(factor).min(self.longest).saturating_mul(random) / 256
    }
}

/// Repeats an operation while it conflicts with other writers.
///
/// `attempt` receives the number of the attempt, which counts from 0. Returns `None` if the last attempt conflicts too:
/// the caller reports that the document is busy.
///
/// # Errors
/// Returns the first error of an attempt at once.
pub async fn retry_on_conflict<T, E>(
    host: &(impl Clock + Entropy),
    backoff: Backoff,
    mut attempt: impl AsyncFnMut(u32) -> Result<Attempt<T>, E>,
) -> Result<Option<T>, E> {
    for number in 0..backoff.attempts {
        match attempt(number).await? {
            Attempt::Done(value) => return Ok(Some(value)),
            Attempt::Conflict if number.saturating_add(1) < backoff.attempts => {
                host.sleep(backoff.pause(number, host)).await;
            }
            Attempt::Conflict | Attempt::RetryNow => {}
        }
    }
    Ok(None)
}

/// Calls `poll` every `interval` until it returns a value. Returns `None` once `limit` is over.
///
/// The requests of an instance cannot wake each other, so a request that waits for another one polls.
pub async fn poll_until<T>(
    clock: &impl Clock,
    interval: Duration,
    limit: Duration,
    mut poll: impl AsyncFnMut() -> Option<T>,
) -> Option<T> {
    let end = clock.now().checked_add(limit);
    loop {
        if let Some(value) = poll().await {
            return Some(value);
        }
        if end.is_none_or(|end| clock.now() >= end) {
            return None;
        }
        clock.sleep(interval).await;
    }
}
