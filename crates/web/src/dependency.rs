//! What a failing dependency means to the caller: 503 when repeating may help, 500 when the defect is ours.

use capability::{DbError, HttpError};

use crate::Problem;

impl From<DbError> for Problem {
    fn from(error: DbError) -> Self {
        match &error {
            DbError::Unreachable(_) | DbError::OutcomeUnknown(_) => {
                Problem::unavailable("the database", error)
            }
            DbError::Refused { sqlstate, .. } if is_passing(sqlstate) => {
                Problem::unavailable("the database", error)
            }
            DbError::Refused { .. } | DbError::Unexpected(_) => Problem::internal(error),
        }
    }
}

/// The SQLSTATEs that go away by themselves: connection trouble (08), rolled back by contention (40), out of resources
/// (53), waited too long for a lock (55P03), cancelled or shutting down (57), failed over to read only (25006).
fn is_passing(sqlstate: &str) -> bool {
    let class = sqlstate.get(..2).unwrap_or_default();
    matches!(class, "08" | "40" | "53" | "57") || matches!(sqlstate, "55P03" | "25006")
}

impl From<HttpError> for Problem {
    fn from(error: HttpError) -> Self {
        Problem::unavailable("another service", error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_is_503_and_what_is_our_defect_is_500() {
        let check = |sqlstate: &str, status| {
            let refused =
                DbError::Refused { sqlstate: sqlstate.to_owned(), constraint: None, message: String::new() };
            assert_eq!(Problem::from(refused).status(), status, "{sqlstate}");
        };
        for sqlstate in ["08006", "40001", "40P01", "53300", "55P03", "57014", "57P01"] {
            check(sqlstate, 503);
        }
        for sqlstate in ["42703", "23514", "22P02", ""] {
            check(sqlstate, 500);
        }
    }
}
