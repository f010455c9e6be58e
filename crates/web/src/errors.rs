//! The problems of the crates' errors: 503 if repeating the request may help, 500 for a defect of the service.

use capability::{DbError, HttpError};
use http::StatusCode;
use identity::AuthenticationError;
use kernel::fields::InvalidFields;

use crate::Problem;

impl From<DbError> for Problem {
    fn from(error: DbError) -> Self {
        match &error {
            DbError::Unreachable(_) | DbError::OutcomeUnknown(_) => {
                Problem::unavailable("the database", error)
            }
            DbError::Rejected { sqlstate, .. } if is_transient(sqlstate) => {
                Problem::unavailable("the database", error)
            }
            DbError::Rejected { .. } | DbError::Unexpected(_) => Problem::internal(error),
        }
    }
}

/// Returns whether the error is transient: a lost connection (08), a rollback after contention (40), exhausted resources
/// (53), a lock timeout (55P03), a cancelled statement or a shutdown (57), a failover to read only (25006).
fn is_transient(sqlstate: &str) -> bool {
    let class = sqlstate.get(..2).unwrap_or_default();
    matches!(class, "08" | "40" | "53" | "57") || matches!(sqlstate, "55P03" | "25006")
}

impl From<HttpError> for Problem {
    fn from(error: HttpError) -> Self {
        Problem::unavailable("another service", error)
    }
}

impl From<AuthenticationError> for Problem {
    fn from(error: AuthenticationError) -> Self {
        match error {
            AuthenticationError::Rejected => Problem::unauthorized("invalid-token", error.to_string()),
            AuthenticationError::Unavailable(cause) => Problem::unavailable("the users service", cause),
        }
    }
}

/// 422 with every wrong, missing and unknown field.
impl From<InvalidFields> for Problem {
    fn from(InvalidFields(errors): InvalidFields) -> Self {
        if errors.is_empty() {
            return Self::internal("a field was lost without a fault");
        }
        Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "validation-failed",
            "some fields are wrong; errors names each of them",
        )
        .with_errors(errors)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transient_error_is_503_and_a_defect_is_500() {
        let check = |sqlstate: &str, status| {
            let rejected =
                DbError::Rejected { sqlstate: sqlstate.to_owned(), constraint: None, message: String::new() };
            assert_eq!(Problem::from(rejected).status(), status, "{sqlstate}");
        };
        for sqlstate in ["08006", "40001", "40P01", "53300", "55P03", "57014", "57P01"] {
            check(sqlstate, 503);
        }
        for sqlstate in ["42703", "23514", "22P02", ""] {
            check(sqlstate, 500);
        }
    }
}
