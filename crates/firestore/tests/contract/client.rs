//! The client's reaction to injected failures.

use bytes::Bytes;
use capability::{Http as _, TraceContext};
use firestore::{CommitError, Credentials, Firestore, Write};
use http::Request;
use serde_json::{Value, json};

use crate::emulators::embedded;
use crate::native::Native;

struct Setup {
    http: Native,
    url: String,
    firestore: Firestore,
}

impl Setup {
    async fn new() -> Self {
        let url = embedded().await;
        let firestore = Firestore::new(&url, "cartwheel", "(default)", Credentials::Emulator);
        Self { http: Native::new(), url, firestore }
    }

    async fn fault(&self, fault: Value) {
        let request =
            Request::put(format!("{}/emulator/v1/faults", self.url)).body(Bytes::from(fault.to_string()));
        assert!(self.http.send(request.unwrap()).await.unwrap().status().is_success());
    }

    async fn requests(&self, operation: &str) -> u64 {
        let request = Request::get(format!("{}/emulator/v1/requests", self.url)).body(Bytes::new()).unwrap();
        let counts: Value = serde_json::from_slice(self.http.send(request).await.unwrap().body()).unwrap();
        counts[operation].as_u64().unwrap_or(0)
    }

    async fn create(&self, id: &str) -> Result<(), CommitError> {
        let write = Write::create(format!("orders/{id}"), &json!({ "n": 1 })).unwrap();
        self.firestore.commit(&self.http, &TraceContext::default(), &[write]).await.map(|_| ())
    }

    async fn exists(&self, id: &str) -> bool {
        let found =
            self.firestore.get::<Value>(&self.http, &TraceContext::default(), &format!("orders/{id}")).await;
        found.unwrap().is_some()
    }
}

#[tokio::test]
async fn an_ordinary_commit_is_one_request() {
    let setup = Setup::new().await;
    assert_eq!(setup.create("a").await, Ok(()));
    assert_eq!(setup.requests("commit").await, 1);
    assert!(setup.exists("a").await);
}

#[tokio::test]
async fn a_commit_that_was_not_applied_is_sent_again() {
    for status in ["UNAVAILABLE", "DEADLINE_EXCEEDED", "INTERNAL", "ABORTED", "RESOURCE_EXHAUSTED"] {
        let setup = Setup::new().await;
        setup.fault(json!({ "on": "commit", "times": 2, "before": status })).await;
        assert_eq!(setup.create("a").await, Ok(()), "{status}");
        assert_eq!(setup.requests("commit").await, 3, "{status}");
    }
}

#[tokio::test]
async fn a_commit_whose_response_is_lost_is_applied_once_and_reported_as_existing() {
    for lost in ["cut", "UNAVAILABLE", "DEADLINE_EXCEEDED"] {
        let setup = Setup::new().await;
        setup.fault(json!({ "on": "commit", "times": 1, "after": lost })).await;
        // The precondition rejects the second attempt; the creator of the document reads it to find out.
        assert_eq!(setup.create("a").await, Err(CommitError::AlreadyExists), "{lost}");
        assert!(setup.exists("a").await);
    }
}

#[tokio::test]
async fn a_final_failure_is_not_repeated() {
    let setup = Setup::new().await;
    setup.create("a").await.unwrap();
    assert_eq!(setup.create("a").await, Err(CommitError::AlreadyExists));
    assert_eq!(setup.requests("commit").await, 2);
    let stale =
        Write::set("orders/a", &json!({})).unwrap().unchanged_since(kernel::Timestamp::from_unix_micros(1));
    let outcome = setup.firestore.commit(&setup.http, &TraceContext::default(), &[stale]).await;
    assert_eq!(outcome, Err(CommitError::Stale));
    assert_eq!(setup.requests("commit").await, 3);
}

#[tokio::test]
async fn an_outage_leaves_the_outcome_unknown() {
    let setup = Setup::new().await;
    setup.fault(json!({ "on": "commit", "times": 99, "before": "UNAVAILABLE" })).await;
    assert!(matches!(setup.create("a").await, Err(CommitError::OutcomeUnknown(_))));
    assert_eq!(setup.requests("commit").await, 4);
    setup.fault(json!({ "on": "get", "times": 99, "after": "cut" })).await;
    let read = setup.firestore.get::<Value>(&setup.http, &TraceContext::default(), "orders/a").await;
    assert!(matches!(read, Err(firestore::Error::Unavailable(_))));
}
