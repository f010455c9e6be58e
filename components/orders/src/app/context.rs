//! What every use case needs to serve one request.

use capability::TraceContext;
use firestore::Error;
use identity::Principal;
use identity::{AuthenticationError, VerifiedToken};
use kernel::Timestamp;

use super::crash_point::CrashPoint;
use crate::clients::products::ProductsClient;
use crate::store::Documents;
use crate::{App, Config, Host};

#[derive(Debug)]
pub(crate) struct Context<'a, H> {
    pub(crate) host: &'a H,
    pub(crate) config: &'a Config,
    pub(crate) documents: Documents<'a, H>,
    pub(crate) products: ProductsClient<'a, H>,
    /// When this instance began to serve the request.
    pub(crate) arrived_at: Timestamp,
    trace: TraceContext,
    crash_point: CrashPoint,
}

impl<'a, H: Host> Context<'a, H> {
    pub(crate) fn new(app: &'a App<H>, trace: TraceContext, crash_point: CrashPoint) -> Self {
        let App { host, config } = app;
        let documents = Documents { firestore: &config.firestore, host, trace: trace.clone() };
        let products = ProductsClient { host, config, trace: trace.clone() };
        Self { host, config, documents, products, arrived_at: host.now(), trace, crash_point }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.host.now()
    }

    /// Asks the users service whether the session of a token is valid, and who the caller is.
    pub(crate) async fn authenticate(&self, token: &VerifiedToken) -> Result<Principal, AuthenticationError> {
        self.config.authentication.authenticate(self.host, token, &self.trace).await
    }

    pub(crate) async fn check_firestore(&self) -> Result<(), Error> {
        self.documents.ping().await
    }

    /// Stops here if the request names this crash point. See [`super::crash_point`].
    pub(crate) async fn crash_point(&self, name: &str) {
        self.crash_point.reached(self.host, name).await;
    }
}
