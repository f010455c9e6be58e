//! Repeats of commits that conflict with other writers.

use capability::retry::Backoff;
use std::time::Duration;

use firestore::CommitError;

use super::failure::Failure;

const FIRST_PAUSE: Duration = Duration::from_millis(15);
const LONGEST_PAUSE: Duration = Duration::from_millis(400);

/// For changes of one document: about five seconds with the pauses, enough for fifty concurrent writers.
pub(crate) const CHANGE: Backoff = Backoff::linear(40, FIRST_PAUSE, LONGEST_PAUSE);

/// For checkouts: each attempt reserves stock.
pub(crate) const CHECKOUT: Backoff = Backoff::linear(8, FIRST_PAUSE, LONGEST_PAUSE);

/// Returns `None` if a commit conflicts with another writer, which is retried, and an error if it fails, which is not.
pub(crate) fn unless_conflict<T>(outcome: Result<T, CommitError>) -> Result<Option<T>, Failure> {
    match outcome {
        Ok(value) => Ok(Some(value)),
        Err(CommitError::Stale | CommitError::AlreadyExists) => Ok(None),
        Err(CommitError::OutcomeUnknown(cause)) => Err(Failure::Firestore(cause)),
        Err(CommitError::Rejected(cause)) => Err(Failure::Defect(cause)),
    }
}
