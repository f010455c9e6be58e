use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, select};

/// Waits for `work`, but no longer than `limit`. Spin's own limits are ten minutes for HTTP and none for PostgreSQL.
///
/// At the limit the work is dropped and the host cancels it; its effect on another machine may still occur.
pub(crate) async fn within<T>(limit: Duration, work: impl Future<Output = T>) -> Option<T> {
    match select(pin!(work), pin!(spin_sdk::time::sleep(limit))).await {
        Either::Left((value, _)) => Some(value),
        Either::Right(_) => None,
    }
}
