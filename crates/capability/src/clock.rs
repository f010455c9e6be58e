use std::time::Duration;

use kernel::Timestamp;

/// The wall clock and the timer of the host. Domain rules take a [`Timestamp`]; use cases read it here.
pub trait Clock {
    /// Returns the current time. The clock may jump, so times that decide are compared with the database's clock.
    fn now(&self) -> Timestamp;

    /// Waits while the other requests of the instance run.
    fn sleep(&self, duration: Duration) -> impl Future<Output = ()>;
}
