//! The calls of the REST API, with their authentication and retries.

use std::time::Duration;

use bytes::Bytes;
use capability::retry::Backoff;
use capability::{Clock, Entropy, Http, TraceContext};
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use http::{Method, Request, Uri};

use crate::Firestore;
use crate::error::Failure;

/// The attempts of a call and the pauses between them.
const BACKOFF: Backoff = Backoff::exponential(4, Duration::from_millis(40), Duration::from_millis(320));

/// The time after which no further attempt begins, so that an outage is reported before four time limits have passed.
const BUDGET: Duration = Duration::from_secs(3);

pub(crate) struct Call<'c> {
    pub(crate) method: Method,
    pub(crate) url: String,
    pub(crate) body: Bytes,
    pub(crate) trace: &'c TraceContext,
}

impl Firestore {
    /// Sends a call and repeats it after transient failures.
    pub(crate) async fn send(
        &self,
        host: &(impl Http + Clock + Entropy),
        call: &Call<'_>,
    ) -> Result<Bytes, Failure> {
        let end = host.now().checked_add(BUDGET);
        let mut attempt = 0;
        let mut may_renew_token = true;
        loop {
            let failure = match self.attempt(host, call).await {
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

    async fn attempt(&self, host: &(impl Http + Clock), call: &Call<'_>) -> Result<Bytes, Failure> {
        let bearer = self.credentials.bearer(host).await;
        let bearer = bearer.map_err(|error| Failure::Unknown(error.to_string()))?;
        let response = host.send(call.to_request(&bearer)?).await;
        let response = response.map_err(|error| Failure::of_transport(&error))?;
        if response.status().is_success() {
            Ok(response.into_body())
        } else {
            Err(Failure::of_response(&response))
        }
    }
}

impl Call<'_> {
    fn to_request(&self, bearer: &str) -> Result<Request<Bytes>, Failure> {
        let mut request = Request::new(self.body.clone());
        request.method_mut().clone_from(&self.method);
        *request.uri_mut() = self.url.parse::<Uri>().map_err(|error| self.malformed(&error))?;
        let headers = request.headers_mut();
        let bearer = HeaderValue::try_from(format!("Bearer {bearer}"));
        headers.insert(AUTHORIZATION, bearer.map_err(|error| self.malformed(&error))?);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        self.trace.apply(headers);
        Ok(request)
    }

    fn malformed(&self, cause: &dyn std::fmt::Display) -> Failure {
        Failure::Rejected(format!("{}: {cause}", self.url))
    }
}
