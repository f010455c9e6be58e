//! The operations of a Firestore database.

use bytes::Bytes;
use capability::{Clock, Entropy, Http, TraceContext};
use http::Method;
use kernel::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::call::Call;
use crate::error::Failure;
use crate::value::{Fields, from_fields};
use crate::{CommitError, Credentials, Error, Query, Write};

/// A Firestore database, shared by the requests of an instance.
#[derive(Debug)]
pub struct Firestore {
    base_url: String,
    /// `projects/{project}/databases/{database}/documents`
    root: String,
    pub(crate) credentials: Credentials,
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
        check_path(path).map_err(Error::Rejected)?;
        let call =
            Call { method: Method::GET, url: self.url(&format!("/{path}")), body: Bytes::new(), trace };
        match self.send(host, &call).await {
            Ok(body) => read(serde_json::from_slice(&body).map_err(unexpected)?).map(Some),
            Err(Failure::NotFound) => Ok(None),
            Err(failure) => Err(failure.into()),
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
        let body = self.post(host, trace, ":commit", &json!({ "writes": body })).await?;
        let response: CommitResponse = serde_json::from_slice(&body)
            .map_err(|error| CommitError::OutcomeUnknown(format!("its response: {error}")))?;
        // A deletion has no update time; commits do not write after one.
        Ok(response.write_results.into_iter().filter_map(|result| result.update_time).collect())
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
        let body = self.post(host, trace, ":runQuery", &query.to_json()).await?;
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

    async fn post(
        &self,
        host: &(impl Http + Clock + Entropy),
        trace: &TraceContext,
        operation: &str,
        body: &Value,
    ) -> Result<Bytes, Failure> {
        let call =
            Call { method: Method::POST, url: self.url(operation), body: body.to_string().into(), trace };
        self.send(host, &call).await
    }

    /// Returns the URL of an operation or a document below the database's root.
    fn url(&self, suffix: &str) -> String {
        format!("{}/v1/{}{suffix}", self.base_url, self.root)
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
