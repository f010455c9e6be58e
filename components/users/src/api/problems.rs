//! Maps every error of a use case to its problem, once.

use http::StatusCode;
use web::Problem;
use web::rate_limit::RateLimit;

use crate::app::accounts::EraseError;
use crate::app::admission::AdmissionError;
use crate::app::authentication::{AuthenticationError, NotAdmin};
use crate::app::login::LoginError;
use crate::app::passwords::{Overloaded, PasswordError};
use crate::app::recovery::ResetError;
use crate::app::registration::RegistrationError;
use crate::app::resource::{Resource, ResourceError};
use crate::app::sessions::RefreshError;
use crate::domain::throttle::{Admission, TooManyAttempts};

impl From<AdmissionError> for Problem {
    fn from(error: AdmissionError) -> Self {
        match error {
            AdmissionError::Overloaded(error) => error.into(),
            AdmissionError::TooManyAttempts(error) => error.into(),
            AdmissionError::Database(error) => error.into(),
        }
    }
}

impl From<TooManyAttempts> for Problem {
    fn from(error: TooManyAttempts) -> Self {
        rate_limit(&error.admission).exceeded(error.attempts)
    }
}

impl From<Overloaded> for Problem {
    fn from(error: Overloaded) -> Self {
        let detail = "too many passwords are being checked; \
                      send the same request again after the time in retry-after";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "overloaded", detail).with_retry_after(5).caused_by(error)
    }
}

impl From<AuthenticationError> for Problem {
    fn from(error: AuthenticationError) -> Self {
        match error {
            AuthenticationError::InvalidToken => {
                Self::unauthorized("invalid-token", identity::token::InvalidToken.to_string())
            }
            AuthenticationError::Database(error) => error.into(),
        }
    }
}

impl From<NotAdmin> for Problem {
    fn from(NotAdmin(user): NotAdmin) -> Self {
        Self::admin_only(user)
    }
}

impl From<RegistrationError> for Problem {
    fn from(error: RegistrationError) -> Self {
        match error {
            RegistrationError::EmailTaken => Self::new(
                StatusCode::CONFLICT,
                "email-taken",
                "there is an account with this e-mail address already; log in instead",
            ),
            RegistrationError::Hashing(error) => Self::internal(error),
            RegistrationError::Signing(error) => Self::internal(error),
            RegistrationError::Database(error) => error.into(),
        }
    }
}

impl From<LoginError> for Problem {
    fn from(error: LoginError) -> Self {
        match error {
            LoginError::InvalidCredentials => {
                Self::unauthorized("invalid-credentials", "the e-mail address or the password is wrong")
            }
            LoginError::Hashing(error) => Self::internal(error),
            LoginError::Signing(error) => Self::internal(error),
            LoginError::Database(error) => error.into(),
        }
    }
}

impl From<RefreshError> for Problem {
    fn from(error: RefreshError) -> Self {
        let invalid =
            Self::unauthorized("invalid-refresh-token", "the refresh token is not valid; log in again");
        match error {
            RefreshError::InvalidToken => invalid,
            RefreshError::Replayed(_) => invalid.caused_by(error),
            RefreshError::Signing(error) => Self::internal(error),
            RefreshError::Database(error) => error.into(),
        }
    }
}

impl From<PasswordError> for Problem {
    fn from(error: PasswordError) -> Self {
        match error {
            PasswordError::Wrong => {
                Self::forbidden("wrong-password", "this is not the password of your account")
            }
            PasswordError::Overloaded(error) => error.into(),
            PasswordError::TooManyAttempts(error) => error.into(),
            PasswordError::Hashing(error) => Self::internal(error),
            PasswordError::Database(error) => error.into(),
        }
    }
}

impl From<EraseError> for Problem {
    fn from(error: EraseError) -> Self {
        match error {
            EraseError::LastAdmin => last_admin(),
            EraseError::Password(error) => error.into(),
        }
    }
}

impl From<ResetError> for Problem {
    fn from(error: ResetError) -> Self {
        match error {
            ResetError::Hashing(error) => Self::internal(error),
            ResetError::Database(error) => error.into(),
        }
    }
}

impl From<ResourceError> for Problem {
    fn from(error: ResourceError) -> Self {
        match error {
            ResourceError::NotFound(Resource::Account) => Self::not_found("account"),
            ResourceError::NotFound(Resource::Address) => Self::not_found("address"),
            ResourceError::NotFound(Resource::Session) => Self::not_found("session"),
            ResourceError::NotFound(Resource::User) => Self::not_found("user"),
            ResourceError::StaleVersion => Self::stale(),
            ResourceError::TooManyAddresses => Self::new(
                StatusCode::CONFLICT,
                "too-many-addresses",
                "an account has 100 addresses at most; remove one first",
            ),
            ResourceError::LastAdmin => last_admin(),
            ResourceError::Database(error) => error.into(),
        }
    }
}

pub(super) fn invalid_one_time_token() -> Problem {
    Problem::new(
        StatusCode::BAD_REQUEST,
        "invalid-one-time-token",
        "the token is not valid, was used, or has expired; ask for a new message",
    )
}

fn last_admin() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "last-admin",
        "the shop would have no admin any more; make another account an admin first",
    )
}

pub(super) fn rate_limit(admission: &Admission) -> RateLimit {
    let &Admission { limit, window_s, remaining, reset_s, .. } = admission;
    RateLimit { limit, window_s, remaining, reset_s }
}
