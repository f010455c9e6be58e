use std::cell::{Cell, RefCell};
use std::time::Duration;

use bytes::Bytes;
use capability::retry::poll_until;
use capability::{Clock, Http};
use http::Request;
use kernel::Timestamp;
use serde::Deserialize;

use crate::Error;

/// The endpoint at which GKE issues a pod's access token.
const METADATA_URL: &str =
    "http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/token";

/// The time before its expiry at which a token is replaced. The metadata server issues a new token from five minutes before
/// the expiry (cloud.google.com/compute/docs/access/authenticate-workloads); an earlier request returns the old one.
const REFRESH_BEFORE: Duration = Duration::from_secs(225);

/// The time before its expiry at which a token is not used any more, so that it does not expire on its way.
const REJECT_BEFORE: Duration = Duration::from_secs(10);

/// The interval at which a request checks whether another one has fetched the token.
const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// The time after which a fetch is considered abandoned: its request was dropped when its client disconnected.
const FETCH_LIMIT: Duration = Duration::from_secs(10);

/// The access token, shared by the requests of an instance, one of which fetches the next. `Debug` omits the token.
#[derive(Default)]
pub struct TokenCache {
    token: RefCell<Option<Token>>,
    fetching_since: Cell<Option<Timestamp>>,
}

#[derive(Clone)]
struct Token {
    text: String,
    /// The time from which the next token is fetched.
    refresh_at: Timestamp,
    /// The time from which the token is not used.
    expires_at: Timestamp,
}

#[derive(Deserialize)]
struct TokenResponse {
    access_token: String,
    expires_in: u64,
}

/// The next step of a request that needs the token.
enum Step {
    Use(String),
    /// Fetch a token. Until then, the cached token may still be usable.
    Fetch(Option<Token>),
}

impl TokenCache {
    /// Returns the cached token or a new one, which one request of the instance fetches while the others use the cached
    /// token or wait.
    pub(crate) async fn token(&self, host: &(impl Http + Clock)) -> Result<String, Error> {
        let step = poll_until(host, POLL_INTERVAL, FETCH_LIMIT, async || self.step(host.now())).await;
        match step.unwrap_or(Step::Fetch(None)) {
            Step::Use(token) => Ok(token),
            Step::Fetch(usable) => self.fetch(host, usable).await,
        }
    }

    pub(crate) fn clear(&self) {
        self.token.replace(None);
    }

    /// Returns the next step of a request at `now`; `None` if it waits for the fetch of another request.
    fn step(&self, now: Timestamp) -> Option<Step> {
        let cached = self.token.borrow().clone();
        let usable = cached.filter(|token| now < token.expires_at);
        let limit = self.fetching_since.get().and_then(|since| since.checked_add(FETCH_LIMIT));
        let is_fetched = limit.is_some_and(|limit| now < limit);
        match usable {
            Some(token) if now < token.refresh_at || is_fetched => Some(Step::Use(token.text)),
            _ if is_fetched => None,
            usable => Some(Step::Fetch(usable)),
        }
    }

    /// Fetches a token. After a failure, the usable token is used further.
    async fn fetch(&self, host: &(impl Http + Clock), usable: Option<Token>) -> Result<String, Error> {
        self.fetching_since.set(Some(host.now()));
        let fetched = fetch_token(host).await;
        self.fetching_since.set(None);
        match (fetched, usable) {
            (Ok(token), _) => {
                self.token.replace(Some(token.clone()));
                Ok(token.text)
            }
            (Err(_), Some(token)) => Ok(token.text),
            (Err(error), None) => Err(error),
        }
    }
}

async fn fetch_token(host: &(impl Http + Clock)) -> Result<Token, Error> {
    let request = Request::get(METADATA_URL).header("metadata-flavor", "Google").body(Bytes::new());
    let request = request.map_err(unavailable)?;
    let started = host.now();
    let response = host.send(request).await.map_err(unavailable)?;
    if !response.status().is_success() {
        return Err(unavailable(format!("HTTP {}", response.status())));
    }
    let token: TokenResponse = serde_json::from_slice(response.body()).map_err(unavailable)?;
    let expiry = |early| {
        let lifetime = Duration::from_secs(token.expires_in).saturating_sub(early);
        started.checked_add(lifetime).unwrap_or(started)
    };
    Ok(Token {
        refresh_at: expiry(REFRESH_BEFORE),
        expires_at: expiry(REJECT_BEFORE),
        text: token.access_token,
    })
}

fn unavailable(cause: impl std::fmt::Display) -> Error {
    Error::Unavailable(format!("metadata server: {cause}"))
}

impl std::fmt::Debug for TokenCache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenCache(..)")
    }
}

#[cfg(test)]
mod tests {
    use capability::HttpError;
    use capability::scripted::Scripted;
    use futures_util::future::join_all;
    use http::Response;

    use super::*;
    use crate::Credentials;

    fn token(text: &str, lifetime_s: u64) -> Result<Response<Bytes>, HttpError> {
        let body = format!(r#"{{"access_token":"{text}","expires_in":{lifetime_s},"token_type":"Bearer"}}"#);
        Ok(Response::new(Bytes::from(body)))
    }

    fn down() -> Result<Response<Bytes>, HttpError> {
        Err(HttpError::NotSent("down".to_owned()))
    }

    #[tokio::test]
    async fn a_token_is_fetched_once_and_cached_until_shortly_before_its_expiry() {
        let host = Scripted::at(Timestamp::default())
            .http_answers(token("first", 3600))
            .http_answers(token("second", 3600));
        let google = Credentials::google();
        let bearers = join_all((0..16).map(|_| google.bearer(&host))).await;
        assert!(bearers.iter().all(|bearer| bearer.as_deref() == Ok("first")), "{bearers:?}");
        host.sleep(Duration::from_secs(3600 - 226)).await;
        assert_eq!(google.bearer(&host).await.unwrap(), "first");
        host.sleep(Duration::from_secs(2)).await;
        assert_eq!(google.bearer(&host).await.unwrap(), "second");
        assert_eq!(host.calls().len(), 2);
    }

    #[tokio::test]
    async fn a_valid_token_is_used_while_the_metadata_server_is_down() {
        let host = Scripted::at(Timestamp::default()).http_answers(token("first", 3600)).http_answers(down());
        let google = Credentials::google();
        assert_eq!(google.bearer(&host).await.unwrap(), "first");
        host.sleep(Duration::from_secs(3500)).await;
        assert_eq!(google.bearer(&host).await.unwrap(), "first");
        host.sleep(Duration::from_secs(100)).await;
        assert!(google.bearer(&host).await.is_err(), "the server is down and the old token has expired");
    }

    #[tokio::test]
    async fn a_rejected_token_is_replaced() {
        let host = Scripted::at(Timestamp::default())
            .http_answers(token("first", 3600))
            .http_answers(token("second", 3600));
        let google = Credentials::google();
        google.bearer(&host).await.unwrap();
        google.forget();
        assert_eq!(google.bearer(&host).await.unwrap(), "second");
    }
}
