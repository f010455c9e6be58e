// Stands in for the new interfaces of the shared crates until they are merged.
use std::time::Duration;

use capability::{Clock, Entropy, Http};
use http::HeaderMap;
use identity::client::IdentifyError;
use identity::{Principal, TokenVerifier, identify};
use kernel::{Limit, Timestamp, UserId};

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[derive(Debug, Default, Clone)]
pub(crate) struct TraceContext(pub(crate) HeaderMap);

impl TraceContext {
    pub(crate) fn apply(&self, headers: &mut HeaderMap) {
        headers.extend(self.0.clone());
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ExpectedVersion {
    Any,
    OneOf(web::IfMatch),
}

impl ExpectedVersion {
    pub(crate) fn allows(&self, version: &str) -> bool {
        match self {
            Self::Any => true,
            Self::OneOf(versions) => versions.names(version),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PageRequest<K> {
    pub(crate) after: Option<K>,
    pub(crate) limit: Limit,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PageItems<T, K> {
    pub(crate) items: Vec<T>,
    pub(crate) next: Option<K>,
}

impl<T, K> PageItems<T, K> {
    pub(crate) fn from_rows(mut rows: Vec<T>, limit: Limit, key: impl FnOnce(&T) -> K) -> Self {
        let size = usize::try_from(limit.get()).unwrap_or(usize::MAX);
        let continues = rows.len() > size;
        rows.truncate(size);
        let next = rows.last().filter(|_| continues).map(key);
        Self { items: rows, next }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Backoff {
    attempts: u32,
    first: Duration,
    longest: Duration,
}

pub(crate) enum Attempt<T> {
    Done(T),
    Conflict,
    RetryNow,
}

impl Backoff {
    pub(crate) const fn linear(attempts: u32, first: Duration, longest: Duration) -> Self {
        Self { attempts, first, longest }
    }

    fn pause(self, attempt: u32, entropy: &impl Entropy) -> Duration {
        let [random] = entropy.bytes::<1>();
        self.first.saturating_mul(attempt.saturating_add(1)).min(self.longest).saturating_mul(random.into())
            / 256
    }
}

pub(crate) async fn retry_on_conflict<T, E>(
    host: &(impl Clock + Entropy),
    backoff: Backoff,
    mut attempt: impl AsyncFnMut(u32) -> Result<Attempt<T>, E>,
) -> Result<Option<T>, E> {
    for number in 0..backoff.attempts {
        match attempt(number).await? {
            Attempt::Done(value) => return Ok(Some(value)),
            Attempt::Conflict => host.sleep(backoff.pause(number, host)).await,
            Attempt::RetryNow => {}
        }
    }
    Ok(None)
}

#[derive(Debug)]
pub(crate) struct VerifiedToken {
    pub(crate) user: UserId,
    token: String,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AuthenticationError {
    #[error("the access token is not valid; log in or refresh it")]
    Rejected,
    #[error("the users service: {0}")]
    Unavailable(String),
}

#[derive(Debug)]
pub(crate) struct Authentication {
    pub(crate) tokens: TokenVerifier,
    pub(crate) users_url: String,
}

impl Authentication {
    pub(crate) fn verify(&self, token: &str, now: Timestamp) -> Result<VerifiedToken, AuthenticationError> {
        let claims = self.tokens.verify(token, now).map_err(|_| AuthenticationError::Rejected)?;
        let user = claims.user().ok_or(AuthenticationError::Rejected)?;
        Ok(VerifiedToken { user, token: token.to_owned() })
    }

    pub(crate) async fn authenticate(
        &self,
        http: &impl Http,
        token: &VerifiedToken,
        trace: &TraceContext,
    ) -> Result<Principal, AuthenticationError> {
        let known = identify(http, &self.users_url, &token.token, trace.0.clone()).await;
        let principal = known.map_err(|error| match error {
            IdentifyError::Refused => AuthenticationError::Rejected,
            IdentifyError::Unavailable(cause) => AuthenticationError::Unavailable(cause),
        })?;
        if principal.user == token.user { Ok(principal) } else { Err(AuthenticationError::Rejected) }
    }
}
