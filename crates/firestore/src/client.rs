//! The calls of the client, with their retries.

use std::time::Duration;

use bytes::Bytes;
use capability::retry::Backoff;
use capability::{Clock, Entropy, Http, TraceContext};
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use http::{Method, Request};
use kernel::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::error::Failure;
use crate::value::{Fields, from_fields};
use crate::{CommitError, Credentials, Error, Query, Write};

/// The attempts of a call and the pauses between them.
const BACKOFF: Backoff = Backoff::exponential(4, Duration::from_millis(40), Duration::from_millis(320));

/// The time after which no further attempt begins, so that an outage is reported before four time limits have passed.
const BUDGET: Duration = Duration::from_secs(3);

/// A Firestore database, shared by the requests of an instance.
#[derive(Debug)]
pub struct Firestore {
    base_url: String,
    /// `projects/{project}/databases/{database}/documents`
    root: String,
    credentials: Credentials,
}

/// The value of a document and the version at which it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Versioned<T> {
    /// The value.
    pub value: T,
    /// The time of the last write, the precondition of the next one.
    pub update_time: Timestamp,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawDocument {
    #[serde(default)]
    fields: Fields,
    update_time: Timestamp,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CommitResponse {
    #[serde(default)]
    write_results: Vec<WriteResult>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WriteResult {
    update_time: Option<Timestamp>,
}

impl Firestore {
    /// Creates a client of the database at `base_url`, which has no slash at its end.
    #[must_use]
    pub fn new(base_url: &str, project: &str, database: &str, credentials: Credentials) -> Self {
        Self {
            base_url: base_url.to_owned(),
            root: format!("projects/{project}/databases/{database}/documents"),
            credentials,
        }
    }

    /// Reads a document. Returns `None` if it does not exist.
    pub async fn get<T: DeserializeOwned>(
        &self,
        host: &(impl Http + Clock + Entropy),
        trace: &TraceContext,
        path: &str,
    ) -> Result<Option<Versioned<T>>, Error> {
        let address = self.document_url(path)?;
        match self.call(host, trace, Method::GET, &address, &Bytes::new()).await {
            Ok(body) => read(serde_json::from_slice(&body).map_err(unexpected)?).map(Some),
            Err(Failure::NotFound) => Ok(None),
            Err(failure) => Err(read_error(failure)),
        }
    }

    /// Applies all writes or none, and returns the update time of each written document.
    ///
    /// While the outcome is unknown, the same commit is sent again: its preconditions make that safe.
    ///
    /// # Errors
    /// [`CommitError::AlreadyExists`] and [`CommitError::Stale`] may follow a first attempt that succeeded and whose response
    /// was lost. A caller that creates a document reads it to find out.
    pub async fn commit(
        &self,
        host: &(impl Http + Clock + Entropy),
        trace: &TraceContext,
        writes: &[Write],
    ) -> Result<Vec<Timestamp>, CommitError> {
        let mut body = Vec::with_capacity(writes.len());
        for write in writes {
            check_path(&write.path).map_err(CommitError::Rejected)?;
            body.push(write.to_json(&format!("{}/{}", self.root, write.path)));
        }
        let body = Bytes::from(json!({ "writes": body }).to_string());
        let address = format!("{}/v1/{}:commit", self.base_url, self.root);
        match self.call(host, trace, Method::POST, &address, &body).await {
            Ok(body) => {
                let response: CommitResponse = serde_json::from_slice(&body)
                    .map_err(|error| CommitError::OutcomeUnknown(format!("its response: {error}")))?;
                // A deletion has no update time; commits do not write after one.
                Ok(response.write_results.into_iter().filter_map(|result| result.update_time).collect())
            }
            Err(Failure::AlreadyExists) => Err(CommitError::AlreadyExists),
            Err(Failure::FailedPrecondition | Failure::NotFound) => Err(CommitError::Stale),
            Err(Failure::Aborted(cause) | Failure::Exhausted(cause) | Failure::Unknown(cause)) => {
                Err(CommitError::OutcomeUnknown(cause))
            }
            Err(Failure::Rejected(cause) | Failure::Unauthenticated(cause)) => {
                Err(CommitError::Rejected(cause))
            }
        }
    }

    /// Runs a query and returns its documents in order.
    pub async fn run<T: DeserializeOwned>(
        &self,
        host: &(impl Http + Clock + Entropy),
        trace: &TraceContext,
        query: &Query,
    ) -> Result<Vec<Versioned<T>>, Error> {
        #[derive(Deserialize)]
        struct Item {
            // A response without documents has one item, which holds the read time only.
            document: Option<RawDocument>,
        }
        let body = Bytes::from(query.to_json().to_string());
        let address = format!("{}/v1/{}:runQuery", self.base_url, self.root);
        let body = self.call(host, trace, Method::POST, &address, &body).await.map_err(read_error)?;
        let items: Vec<Item> = serde_json::from_slice(&body).map_err(unexpected)?;
        items.into_iter().filter_map(|item| item.document).map(read).collect()
    }

    /// Checks that Firestore responds, by reading a document that need not exist.
    pub async fn ping(
        &self,
        host: &(impl Http + Clock + Entropy),
        trace: &TraceContext,
    ) -> Result<(), Error> {
        self.get::<Value>(host, trace, "health/ping").await.map(|_| ())
    }

    fn document_url(&self, path: &str) -> Result<String, Error> {
        check_path(path).map_err(Error::Rejected)?;
        Ok(format!("{}/v1/{}/{path}", self.base_url, self.root))
    }

    /// Sends a call and repeats it after transient failures.
    async fn call(
        &self,
        host: &(impl Http + Clock + Entropy),
        trace: &TraceContext,
        method: Method,
        address: &str,
        body: &Bytes,
    ) -> Result<Bytes, Failure> {
        let end = host.now().checked_add(BUDGET);
        let mut attempt = 0;
        let mut may_renew_token = true;
        loop {
            let failure = match self.attempt(host, trace, method.clone(), address, body).await {
                Ok(response) => return Ok(response),
                Err(failure) => failure,
            };
            let may_retry = attempt + 1 < BACKOFF.attempts() && end.is_none_or(|end| host.now() < end);
            match &failure {
                Failure::Unauthenticated(_) if may_renew_token => {
                    may_renew_token = false;
                    self.credentials.forget();
                }
                Failure::Aborted(_) | Failure::Unknown(_) if may_retry => {
                    host.sleep(BACKOFF.pause(attempt, host)).await;
                }
                // Firestore limits the rate: the longest pause from the first attempt on.
                Failure::Exhausted(_) if may_retry => {
                    host.sleep(BACKOFF.pause(BACKOFF.attempts(), host)).await;
                }
                _ => return Err(failure),
            }
            attempt += 1;
        }
    }

    async fn attempt(
        &self,
        host: &(impl Http + Clock),
        trace: &TraceContext,
        method: Method,
        address: &str,
        body: &Bytes,
    ) -> Result<Bytes, Failure> {
        let bearer =
            self.credentials.bearer(host).await.map_err(|error| Failure::Unknown(error.to_string()))?;
        let mut request = Request::new(body.clone());
        *request.method_mut() = method;
        *request.uri_mut() =
            address.parse().map_err(|_| Failure::Rejected(format!("{address} is not a URL")))?;
        trace.apply(request.headers_mut());
        let bearer = HeaderValue::try_from(format!("Bearer {bearer}"));
        request
            .headers_mut()
            .insert(AUTHORIZATION, bearer.map_err(|error| Failure::Rejected(error.to_string()))?);
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let response = host.send(request).await.map_err(|error| Failure::of_transport(&error))?;
        if response.status().is_success() {
            Ok(response.into_body())
        } else {
            Err(Failure::of_response(&response))
        }
    }
}

/// Accepts the path of a document whose segments are valid ids and need no escaping in a URL.
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
        Failure::Aborted(cause) | Failure::Exhausted(cause) | Failure::Unknown(cause) => {
            Error::Unavailable(cause)
        }
        Failure::Rejected(cause) | Failure::Unauthenticated(cause) => Error::Rejected(cause),
        other => Error::Rejected(format!("{other:?}")),
    }
}

fn read<T: DeserializeOwned>(document: RawDocument) -> Result<Versioned<T>, Error> {
    Ok(Versioned { value: from_fields(document.fields)?, update_time: document.update_time })
}

fn unexpected(error: serde_json::Error) -> Error {
    Error::Unexpected(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_path_of_a_document_is_accepted() {
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
