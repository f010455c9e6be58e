//! Attempts that are counted before their password is hashed.

use capability::DbError;

use crate::app::passwords::Overloaded;
use crate::domain::throttle::TooManyAttempts;

/// Why an attempt was rejected before its password was hashed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AdmissionError {
    #[error(transparent)]
    Overloaded(#[from] Overloaded),
    #[error(transparent)]
    TooManyAttempts(#[from] TooManyAttempts),
    #[error(transparent)]
    Database(#[from] DbError),
}
