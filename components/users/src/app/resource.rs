//! Reads and changes of single resources.

use capability::DbError;

use crate::store::Change;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Resource {
    /// The client's own account.
    Account,
    Address,
    Session,
    /// The account that an admin reads or changes.
    User,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum ResourceError {
    #[error("there is no such {0:?}")]
    NotFound(Resource),
    #[error("the resource has another version than the client expects")]
    StaleVersion,
    #[error("the account has the maximum number of addresses")]
    TooManyAddresses,
    #[error("the shop would have no admin")]
    LastAdmin,
    #[error(transparent)]
    Database(#[from] DbError),
}

/// Returns the changed resource.
pub(crate) fn applied<T>(change: Change<T>, resource: Resource) -> Result<T, ResourceError> {
    match change {
        Change::Applied(value) => Ok(value),
        Change::NotFound => Err(ResourceError::NotFound(resource)),
        Change::StaleVersion => Err(ResourceError::StaleVersion),
        Change::TooManyAddresses => Err(ResourceError::TooManyAddresses),
        Change::LastAdmin => Err(ResourceError::LastAdmin),
    }
}
