use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, select};

/// Waits for `work`, but no longer than `limit`: Spin's own defaults are ten minutes and for ever.
///
/// Dropping the work tells the host to cancel it, but what it asked of another machine may still happen there.
pub(crate) async fn within<T>(limit: Duration, work: impl Future<Output = T>) -> Option<T> {
    match select(pin!(work), pin!(spin_sdk::time::sleep(limit))).await {
        Either::Left((done, _)) => Some(done),
        Either::Right(_) => None,
    }
}
