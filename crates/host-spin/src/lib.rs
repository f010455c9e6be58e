//! The four capabilities on Spin, and how an instance serves its requests.
//!
//! With each component's `entry.rs`, this is the only code that names `spin_sdk`. An instance serves up to 128 requests, 16
//! of them at once on one thread, and everything here is shared by them: only what is immutable or safe to interleave at
//! every `await` lives longer than a request.
#![cfg(target_arch = "wasm32")]
#![warn(missing_docs)]

mod deadline;
mod http;
mod pg;
mod serve;

use std::time::Duration;

use capability::{Clock, DatabaseAddress, Entropy};
use kernel::Timestamp;
use spin_sdk::wasip3::random::random::get_random_bytes;

pub use crate::pg::Pool;
pub use crate::serve::{Instance, serve};

/// A host with a clock, randomness and outbound HTTP, and with a database if `D` is a [`Pool`]. A service without one does
/// not import PostgreSQL at all: `cargo xtask worlds` would tell.
#[derive(Debug)]
pub struct SpinHost<D = ()> {
    database: D,
    /// The limit on every statement and every outbound request, the one place where it is set.
    call_timeout: Duration,
}

impl SpinHost {
    /// A host without a database.
    #[must_use]
    pub fn new(call_timeout: Duration) -> Self {
        Self { database: (), call_timeout }
    }
}

impl SpinHost<Pool> {
    /// A host with a database.
    #[must_use]
    pub fn with_database(call_timeout: Duration, address: &DatabaseAddress) -> Self {
        Self { database: Pool::at(address), call_timeout }
    }
}

impl<D> Clock for SpinHost<D> {
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

impl<D> Entropy for SpinHost<D> {
    fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        for (byte, random) in bytes.iter_mut().zip(get_random_bytes(N as u64)) {
            *byte = random;
        }
        bytes
    }
}
