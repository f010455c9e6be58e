use capability::{Clock, Http};

use crate::Error;
use crate::token_cache::TokenCache;

/// The authentication of calls.
#[derive(Debug)]
pub enum Credentials {
    /// The owner, whom the emulators accept without a check.
    Emulator,
    /// The service account of the pod, whose tokens the metadata server issues.
    Google(TokenCache),
}

impl Credentials {
    /// Creates credentials of the metadata server.
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

    /// Removes a token that was rejected from the cache.
    pub(crate) fn forget(&self) {
        if let Self::Google(cache) = self {
            cache.clear();
        }
    }
}
