use std::time::Duration;

use capability::{Clock, DatabaseAddress, Entropy};
use kernel::Timestamp;
use spin_sdk::wasip3::random::random::get_random_bytes;

use crate::pg::Pool;

/// A host with a clock, randomness and outbound HTTP, and with a database if `D` is a [`Pool`].
///
/// A service without a database does not import PostgreSQL: `cargo xtask worlds` checks that.
#[derive(Debug)]
pub struct SpinHost<D = ()> {
    pub(crate) database: D,
    /// The time limit of every statement and every outbound request.
    pub(crate) call_timeout: Duration,
}

/// The clock of the host.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SpinClock;

impl SpinHost {
    /// Creates a host without a database.
    #[must_use]
    pub fn new(call_timeout: Duration) -> Self {
        Self { database: (), call_timeout }
    }
}

impl SpinHost<Pool> {
    /// Creates a host with a database.
    #[must_use]
    pub fn with_database(call_timeout: Duration, address: &DatabaseAddress) -> Self {
        Self { database: Pool::new(address), call_timeout }
    }
}

impl Clock for SpinClock {
    #[expect(clippy::disallowed_methods, reason = "this is the Clock")]
    fn now(&self) -> Timestamp {
        let since_1970 =
            std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        let micros = i64::try_from(since_1970.as_micros()).unwrap_or(i64::MAX);
        Timestamp::from_unix_micros(micros).unwrap_or_default()
    }

    async fn sleep(&self, duration: Duration) {
        spin_sdk::time::sleep(duration).await;
    }
}

impl<D> Clock for SpinHost<D> {
    fn now(&self) -> Timestamp {
        SpinClock.now()
    }

    async fn sleep(&self, duration: Duration) {
        SpinClock.sleep(duration).await;
    }
}

impl<D> Entropy for SpinHost<D> {
    fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        for (byte, random) in bytes.iter_mut().zip(get_random_bytes(N as u64)) {
            *byte = random;
        }
        bytes
    }
}
