//! The calls, and what is tried again.

use std::time::Duration;

use bytes::Bytes;
use capability::{Clock, Entropy, Http};
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use http::{HeaderMap, Method, Request};
use kernel::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::error::Failure;
use crate::value::{Fields, from_fields};
use crate::{CommitError, Credentials, Error, Query, Write};

/// How often a call is sent at most.
const ATTEMPTS: u32 = 4;

/// After this long no further attempt is begun: whoever waits hears of the outage, instead of waiting for four time limits.
const BUDGET: Duration = Duration::from_secs(3);

/// The first pause between two attempts; each further one is twice as long, and all of them vary by half.
const FIRST_PAUSE: Duration = Duration::from_millis(40);

/// A database. Holds what an instance may share between its requests.
#[derive(Debug)]
pub struct Firestore {
    base_url: String,
    /// `projects/{project}/databases/{database}/documents`
    root: String,
    credentials: Credentials,
}

/// A document and when it was last written.
#[derive(Debug, Clone, PartialEq)]
pub struct Document<T> {
    /// Its path below the database: `orders/ORD-..`.
    pub path: String,
    /// What it holds.
    pub value: T,
    /// For the precondition of the write that follows.
    pub update_time: Timestamp,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawDocument {
    name: String,
    #[serde(default)]
    fields: Fields,
    update_time: Timestamp,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Applied {
    #[serde(default)]
    write_results: Vec<WriteResult>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WriteResult {
    update_time: Option<Timestamp>,
}

impl Firestore {
    /// The database at `base_url` (without a slash at its end).
    #[must_use]
    pub fn new(base_url: &str, project: &str, database: &str, credentials: Credentials) -> Self {
        Self {
            base_url: base_url.to_owned(),
            root: format!("projects/{project}/databases/{database}/documents"),
            credentials,
        }
    }

    /// Reads a document.
    ///
    /// # Errors
    /// [`Error`]; a document that is not there is `None`.
    pub async fn get<T: DeserializeOwned>(
        &self,
        host: &(impl Http + Clock + Entropy),
        trace: &HeaderMap,
        path: &str,
    ) -> Result<Option<Document<T>>, Error> {
        let address = self.document_url(path)?;
        match self.call(host, trace, Method::GET, &address, &Bytes::new()).await {
            Ok(body) => self.read(serde_json::from_slice(&body).map_err(unexpected)?).map(Some),
            Err(Failure::NotFound) => Ok(None),
            Err(failure) => Err(read_error(failure)),
        }
    }

    /// Applies all writes, or none.
    ///
    /// While the outcome is unknown the same commit is sent again: its preconditions make that safe. So
    /// [`CommitError::AlreadyExists`] and [`CommitError::Stale`] may be told of a commit whose first try won; a caller that
    /// creates a document finds out by reading it.
    ///
    /// Returns the update time of each document that was written, for the precondition of the write that follows.
    ///
    /// # Errors
    /// [`CommitError`]
    pub async fn commit(
        &self,
        host: &(impl Http + Clock + Entropy),
        trace: &HeaderMap,
        writes: &[Write],
    ) -> Result<Vec<Timestamp>, CommitError> {
        let mut sent = Vec::with_capacity(writes.len());
        for write in writes {
            check_path(&write.path).map_err(CommitError::Refused)?;
            sent.push(write.to_json(&format!("{}/{}", self.root, write.path)));
        }
        let body = Bytes::from(json!({ "writes": sent }).to_string());
        let address = format!("{}/v1/{}:commit", self.base_url, self.root);
        match self.call(host, trace, Method::POST, &address, &body).await {
            Ok(answer) => {
                let applied: Applied = serde_json::from_slice(&answer)
                    .map_err(|error| CommitError::OutcomeUnknown(format!("its answer: {error}")))?;
                // A deleted document has none, and nothing is written after it.
                Ok(applied.write_results.into_iter().filter_map(|result| result.update_time).collect())
            }
            Err(Failure::AlreadyExists) => Err(CommitError::AlreadyExists),
            Err(Failure::FailedPrecondition | Failure::NotFound) => Err(CommitError::Stale),
            Err(Failure::Aborted(told) | Failure::Exhausted(told) | Failure::Unknown(told)) => {
                Err(CommitError::OutcomeUnknown(told))
            }
            Err(Failure::Refused(told) | Failure::Unauthenticated(told)) => Err(CommitError::Refused(told)),
        }
    }

    /// The documents of a query, in its order.
    ///
    /// # Errors
    /// [`Error`]
    pub async fn run<T: DeserializeOwned>(
        &self,
        host: &(impl Http + Clock + Entropy),
        trace: &HeaderMap,
        query: &Query,
    ) -> Result<Vec<Document<T>>, Error> {
        #[derive(Deserialize)]
        struct Item {
            // An answer without documents still has an item, with the read time only.
            document: Option<RawDocument>,
        }
        let body = Bytes::from(query.to_json().to_string());
        let address = format!("{}/v1/{}:runQuery", self.base_url, self.root);
        let body = self.call(host, trace, Method::POST, &address, &body).await.map_err(read_error)?;
        let items: Vec<Item> = serde_json::from_slice(&body).map_err(unexpected)?;
        items.into_iter().filter_map(|item| item.document).map(|document| self.read(document)).collect()
    }

    /// Whether Firestore answers. Reads a document that need not exist.
    ///
    /// # Errors
    /// [`Error`]
    pub async fn ping(&self, host: &(impl Http + Clock + Entropy), trace: &HeaderMap) -> Result<(), Error> {
        self.get::<Value>(host, trace, "health/ping").await.map(|_| ())
    }

    fn read<T: DeserializeOwned>(&self, raw: RawDocument) -> Result<Document<T>, Error> {
        let path = raw.name.strip_prefix(&self.root).and_then(|path| path.strip_prefix('/'));
        Ok(Document {
            path: path.unwrap_or(&raw.name).to_owned(),
            value: from_fields(raw.fields)?,
            update_time: raw.update_time,
        })
    }

    fn document_url(&self, path: &str) -> Result<String, Error> {
        check_path(path).map_err(Error::Refused)?;
        Ok(format!("{}/v1/{}/{path}", self.base_url, self.root))
    }

    /// Sends a call, again while that may help.
    async fn call(
        &self,
        host: &(impl Http + Clock + Entropy),
        trace: &HeaderMap,
        method: Method,
        address: &str,
        body: &Bytes,
    ) -> Result<Bytes, Failure> {
        let give_up_at = host.now().checked_add(BUDGET);
        let mut attempt = 1;
        let mut may_renew_token = true;
        loop {
            let failure = match self.attempt(host, trace, method.clone(), address, body).await {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            let may_retry = attempt < ATTEMPTS && give_up_at.is_none_or(|limit| host.now() < limit);
            match &failure {
                Failure::Unauthenticated(_) if may_renew_token => {
                    may_renew_token = false;
                    self.credentials.forget();
                }
                Failure::Aborted(_) | Failure::Unknown(_) if may_retry => {
                    host.sleep(pause(attempt, host)).await;
                }
                // It asks for less: the longest pause at once.
                Failure::Exhausted(_) if may_retry => host.sleep(pause(ATTEMPTS, host)).await,
                _ => return Err(failure),
            }
            attempt = attempt.saturating_add(1);
        }
    }

    async fn attempt(
        &self,
        host: &(impl Http + Clock),
        trace: &HeaderMap,
        method: Method,
        address: &str,
        body: &Bytes,
    ) -> Result<Bytes, Failure> {
        let bearer =
            self.credentials.bearer(host).await.map_err(|error| Failure::Unknown(error.to_string()))?;
        let mut request = Request::new(body.clone());
        *request.method_mut() = method;
        *request.uri_mut() =
            address.parse().map_err(|_| Failure::Refused(format!("{address} is not an address")))?;
        request.headers_mut().clone_from(trace);
        let bearer = HeaderValue::try_from(format!("Bearer {bearer}"));
        request
            .headers_mut()
            .insert(AUTHORIZATION, bearer.map_err(|error| Failure::Refused(error.to_string()))?);
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let response = host.send(request).await.map_err(|error| Failure::of_transport(&error))?;
        if response.status().is_success() {
            Ok(response.into_body())
        } else {
            Err(Failure::of_answer(&response))
        }
    }
}

/// `FIRST_PAUSE`, doubled with each attempt, times 0.5 to 1.5: clients that failed together shall not come back together.
fn pause(attempt: u32, entropy: &impl Entropy) -> Duration {
    let [random] = entropy.bytes::<1>();
    let doubled = FIRST_PAUSE.saturating_mul(1_u32.checked_shl(attempt.saturating_sub(1)).unwrap_or(1));
    doubled.saturating_mul(u32::from(random).saturating_add(128)).checked_div(256).unwrap_or(doubled)
}

/// Each segment of a path is an id that Firestore takes and that needs no escaping in a URL.
fn check_path(path: &str) -> Result<(), String> {
    let is_id = |id: &str| {
        let is_safe = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        (1..=200).contains(&id.len())
            && id.bytes().all(is_safe)
            && !(id.starts_with("__") && id.ends_with("__"))
    };
    let segments = path.split('/').count();
    let is_document = segments.checked_rem(2) == Some(0) && path.split('/').all(is_id);
    if is_document { Ok(()) } else { Err(format!("{path:?} is not the path of a document")) }
}

fn read_error(failure: Failure) -> Error {
    match failure {
        Failure::Aborted(told) | Failure::Exhausted(told) | Failure::Unknown(told) => {
            Error::Unavailable(told)
        }
        Failure::Refused(told) | Failure::Unauthenticated(told) => Error::Refused(told),
        other => Error::Refused(format!("{other:?}")),
    }
}

fn unexpected(error: serde_json::Error) -> Error {
    Error::Unexpected(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_path_of_a_document_is_sent() {
        for path in ["orders/ORD-1", "carts/user-7", "a/b/c/d"] {
            assert_eq!(check_path(path), Ok(()), "{path}");
        }
        for path in
            ["", "orders", "orders/", "orders/..", "orders/a/b", "orders/__x__", "orders/a b", "orders/ä?x=1"]
        {
            assert!(check_path(path).is_err(), "{path}");
        }
    }
}
