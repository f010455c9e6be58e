use std::cell::{Cell, RefCell};
use std::time::Duration;

use bytes::Bytes;
use capability::{Clock, Http};
use http::Request;
use kernel::Timestamp;
use serde::Deserialize;

use crate::Error;

/// Where GKE tells a pod its access token.
const METADATA_URL: &str =
    "http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/token";

/// A token is replaced this long before it ends, so that none ends under way. The metadata server hands out a new one from
/// five minutes before the end (cloud.google.com/compute/docs/access/authenticate-workloads); asking earlier gets the old one.
const EARLY: Duration = Duration::from_secs(225);

/// How often a request looks whether the token that another one fetches is there. One request cannot wake another.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// After this long whoever fetches a token is taken for gone: its client went away, and its request was dropped.
const GONE_AFTER: Duration = Duration::from_secs(10);

/// How calls are authenticated.
#[derive(Debug)]
pub enum Credentials {
    /// The emulators' owner.
    Emulator,
    /// The service account of the pod, by way of the metadata server.
    Google(TokenCache),
}

/// The last token, shared by the requests of an instance, and who is fetching the next. Does not show itself.
#[derive(Default)]
pub struct TokenCache {
    token: RefCell<Option<Token>>,
    fetching_since: Cell<Option<Timestamp>>,
}

#[derive(Clone)]
struct Token {
    text: String,
    /// When it is time for the next.
    fresh_until: Timestamp,
    /// When Google refuses it.
    good_until: Timestamp,
}

#[derive(Deserialize)]
struct Answer {
    access_token: String,
    expires_in: u64,
}

impl Credentials {
    /// Credentials from the metadata server.
    #[must_use]
    pub fn google() -> Self {
        Self::Google(TokenCache::default())
    }

    pub(crate) async fn bearer(&self, host: &(impl Http + Clock)) -> Result<String, Error> {
        match self {
            Self::Emulator => Ok("owner".to_owned()),
            Self::Google(cache) => cache.token(host).await,
        }
    }

    /// Forgets a token that was refused.
    pub(crate) fn forget(&self) {
        if let Self::Google(cache) = self {
            cache.token.replace(None);
        }
    }
}

impl TokenCache {
    /// The kept token, or a new one, which only one of the requests of an instance fetches. While there is one that is still
    /// good, the others go on with it.
    async fn token(&self, host: &(impl Http + Clock)) -> Result<String, Error> {
        loop {
            let (now, kept) = (host.now(), self.token.borrow().clone());
            let is_fetched = self
                .fetching_since
                .get()
                .is_some_and(|since| since.checked_add(GONE_AFTER).is_some_and(|gone| now < gone));
            match kept {
                Some(token) if now < token.fresh_until || (is_fetched && now < token.good_until) => {
                    return Ok(token.text);
                }
                _ if is_fetched => host.sleep(LOOK_EVERY).await,
                kept => return self.renew(host, kept.filter(|token| now < token.good_until)).await,
            }
        }
    }

    /// Fetches a token; if there is none to be had, the old one goes on while it is `usable`.
    async fn renew(&self, host: &(impl Http + Clock), usable: Option<Token>) -> Result<String, Error> {
        self.fetching_since.set(Some(host.now()));
        let fetched = fetch(host).await;
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

async fn fetch(host: &(impl Http + Clock)) -> Result<Token, Error> {
    let unavailable = |told: String| Error::Unavailable(format!("metadata server: {told}"));
    let request = Request::get(METADATA_URL).header("metadata-flavor", "Google").body(Bytes::new());
    let request = request.map_err(|error| unavailable(error.to_string()))?;
    let asked_at = host.now();
    let response = host.send(request).await.map_err(|error| unavailable(error.to_string()))?;
    if !response.status().is_success() {
        return Err(unavailable(format!("HTTP {}", response.status())));
    }
    let answer: Answer = serde_json::from_slice(response.body())
        .map_err(|error| unavailable(format!("its answer: {error}")))?;
    let end = |early| {
        let lifetime = Duration::from_secs(answer.expires_in).saturating_sub(early);
        asked_at.checked_add(lifetime).unwrap_or(asked_at)
    };
    Ok(Token { text: answer.access_token, fresh_until: end(EARLY), good_until: end(Duration::from_secs(10)) })
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

    fn token(text: &str, lifetime_s: u64) -> Result<Response<Bytes>, HttpError> {
        let body = format!(r#"{{"access_token":"{text}","expires_in":{lifetime_s},"token_type":"Bearer"}}"#);
        Ok(Response::new(Bytes::from(body)))
    }

    fn down() -> Result<Response<Bytes>, HttpError> {
        Err(HttpError::NotSent("down".to_owned()))
    }

    #[tokio::test]
    async fn a_token_is_fetched_once_and_kept_until_shortly_before_its_end() {
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
        assert_eq!(host.asked().len(), 2);
    }

    #[tokio::test]
    async fn a_good_token_outlives_a_metadata_server_that_is_down() {
        let host = Scripted::at(Timestamp::default()).http_answers(token("first", 3600)).http_answers(down());
        let google = Credentials::google();
        assert_eq!(google.bearer(&host).await.unwrap(), "first");
        host.sleep(Duration::from_secs(3500)).await;
        assert_eq!(google.bearer(&host).await.unwrap(), "first");
        host.sleep(Duration::from_secs(100)).await;
        assert!(google.bearer(&host).await.is_err(), "nobody answers, and the old token has ended");
    }

    #[tokio::test]
    async fn a_refused_token_is_replaced() {
        let host = Scripted::at(Timestamp::default())
            .http_answers(token("first", 3600))
            .http_answers(token("second", 3600));
        let google = Credentials::google();
        google.bearer(&host).await.unwrap();
        google.forget();
        assert_eq!(google.bearer(&host).await.unwrap(), "second");
    }
}
