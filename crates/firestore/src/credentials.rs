use std::cell::RefCell;
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

/// A token is replaced this long before it ends, so that none ends under way.
const EARLY: Duration = Duration::from_secs(60);

/// How calls are authenticated.
#[derive(Debug)]
pub enum Credentials {
    /// The emulators' owner.
    Emulator,
    /// The service account of the pod, by way of the metadata server.
    Google(TokenCache),
}

/// The last token, shared by the requests of an instance. Does not show itself.
#[derive(Default)]
pub struct TokenCache(RefCell<Option<Token>>);

#[derive(Clone)]
struct Token {
    text: String,
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
        let cache = match self {
            Self::Emulator => return Ok("owner".to_owned()),
            Self::Google(TokenCache(cache)) => cache,
        };
        let kept = cache.borrow().clone();
        match kept {
            Some(token) if host.now() < token.good_until => Ok(token.text),
            _ => {
                let token = fetch(host).await?;
                cache.replace(Some(token.clone()));
                Ok(token.text)
            }
        }
    }

    /// Forgets a token that was refused.
    pub(crate) fn forget(&self) {
        if let Self::Google(TokenCache(cache)) = self {
            cache.replace(None);
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
    let lifetime = Duration::from_secs(answer.expires_in).saturating_sub(EARLY);
    Ok(Token { text: answer.access_token, good_until: asked_at.checked_add(lifetime).unwrap_or(asked_at) })
}

impl std::fmt::Debug for TokenCache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenCache(..)")
    }
}
