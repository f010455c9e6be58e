use std::time::Duration;

use kernel::Timestamp;

/// Time, as an argument: rules take a [`Timestamp`], only handlers ask for one.
pub trait Clock {
    /// The wall clock of the host. It may jump; durations that matter are compared with the database's clock.
    fn now(&self) -> Timestamp;

    /// Waits, letting the other requests of this instance run.
    fn sleep(&self, duration: Duration) -> impl Future<Output = ()>;
}
