//! Failures that no use case can handle.

use firestore::Error;

use crate::clients::products::ProductsError;

/// Why a use case was not completed. The texts are for the log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Failure {
    /// Firestore is unavailable; a repeat of the request may succeed.
    #[error("Firestore: {0}")]
    Firestore(String),
    /// The products service is unavailable; a repeat of the request may succeed.
    #[error("the products service: {0}")]
    Products(String),
    /// This service, its configuration or a stored document is wrong.
    #[error("{0}")]
    Defect(String),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Unavailable(cause) => Self::Firestore(cause),
            Error::Rejected(cause) | Error::Unexpected(cause) => Self::Defect(format!("Firestore: {cause}")),
        }
    }
}

impl From<ProductsError> for Failure {
    fn from(error: ProductsError) -> Self {
        Self::Products(error.0)
    }
}

/// Lets `?` convert the errors of dependencies into the variant `Failure` of a use case's error.
macro_rules! contains_failure {
    ($error:ty) => {
        impl From<firestore::Error> for $error {
            fn from(error: firestore::Error) -> Self {
                Self::Failure(error.into())
            }
        }

        impl From<$crate::clients::products::ProductsError> for $error {
            fn from(error: $crate::clients::products::ProductsError) -> Self {
                Self::Failure(error.into())
            }
        }
    };
}

pub(crate) use contains_failure;
