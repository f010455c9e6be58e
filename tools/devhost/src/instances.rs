//! Reuses instances as Spin does: an instance handles up to 128 requests, 16 of them concurrently, and ends after one idle second.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::time::Sleep;
use wasmtime::component::GuestTaskId;
use wasmtime::{Engine, Store, StoreContextMut};
use wasmtime_wasi_http::handler::{
    HandlerState, Instance, Proxy, ShouldAccept, WorkerExpiration, WorkerState, WorkerStatus,
};
use wasmtime_wasi_http::p3::bindings::ServicePre;

use crate::engine;
use crate::guest::{Component, Guest};

const MAX_REQUESTS: usize = 128;
const MAX_CONCURRENT: usize = 16;
const IDLE: Duration = Duration::from_secs(1);

/// The maximum duration of a request. Spin has no such limit; here it makes a request that hangs visible.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);

/// Creates the instances of a component.
pub(crate) struct Factory {
    pub(crate) engine: Engine,
    pub(crate) pre: ServicePre<Guest>,
    pub(crate) component: Arc<Component>,
}

impl HandlerState for Factory {
    type StoreData = Guest;
    type WorkerExpiration = Expiration;
    type WorkerState = Reuse;

    async fn instantiate(&self) -> wasmtime::Result<Instance<Guest, Expiration, Reuse>> {
        let mut store = engine::store(&self.engine, &self.component);
        let service = self.pre.instantiate_async(&mut store).await?;
        Ok(Instance {
            store,
            proxy: Proxy::P3(service),
            view: Guest::http,
            expiration: Expiration(Box::pin(tokio::time::sleep(IDLE))),
            state: Reuse { component: self.component.name.clone() },
        })
    }
}

/// Ends an instance that is idle or whose request exceeds the time limit.
pub(crate) struct Expiration(Pin<Box<Sleep>>);

impl WorkerExpiration for Expiration {
    fn poll(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        status: WorkerStatus,
        start: Instant,
    ) -> Poll<()> {
        let limit = match status {
            WorkerStatus::Idle => IDLE,
            WorkerStatus::Requests | WorkerStatus::PostReturn => REQUEST_TIMEOUT,
        };
        self.0.as_mut().reset((start + limit).into());
        self.0.as_mut().poll(context)
    }
}

/// Decides whether an instance accepts another request.
pub(crate) struct Reuse {
    component: String,
}

impl WorkerState for Reuse {
    type StoreData = Guest;
    type RequestData = ();

    fn should_accept_request(&self, concurrent: usize, total: usize) -> ShouldAccept {
        if total >= MAX_REQUESTS {
            ShouldAccept::Never
        } else if concurrent >= MAX_CONCURRENT {
            ShouldAccept::No
        } else {
            ShouldAccept::Yes
        }
    }

    fn on_request_start(
        &self,
        _: StoreContextMut<'_, Guest>,
        (): (),
        _: GuestTaskId,
    ) -> Pin<Box<dyn Future<Output = ()> + Send + Sync>> {
        Box::pin(tokio::time::sleep(REQUEST_TIMEOUT))
    }

    fn drop(&self, _: Store<Guest>, result: wasmtime::Result<()>) {
        if let Err(error) = result {
            crate::log(&format!("{}: the instance ended with a trap: {error:#}", self.component));
        }
    }
}
