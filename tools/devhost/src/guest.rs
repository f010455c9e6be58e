//! The state that the host keeps for an instance.

use std::collections::BTreeMap;
use std::sync::Arc;

use wasmtime::component::{HasData, ResourceTable};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView};

use crate::allow::AllowedHosts;
use crate::outbound::{Hooks, Outbound};
use crate::output::{Lines, Target};
use crate::pool::Pools;

/// The state that all instances of a component share.
#[derive(Debug)]
pub(crate) struct Component {
    pub(crate) name: String,
    pub(crate) variables: BTreeMap<String, String>,
    pub(crate) allowed_hosts: AllowedHosts,
    pub(crate) pools: Pools,
    pub(crate) outbound: Arc<Outbound>,
}

/// The data of an instance's store.
pub(crate) struct Guest {
    wasi: WasiCtx,
    http: WasiHttpCtx,
    hooks: Hooks,
    table: ResourceTable,
    component: Arc<Component>,
    pub(crate) limits: wasmtime::StoreLimits,
}

/// The maximum linear memory of an instance: one password hash of 19 MiB and a request body of the maximum size fit.
const MAX_MEMORY_BYTES: usize = 128 * 1024 * 1024;

impl Guest {
    pub(crate) fn new(component: Arc<Component>) -> Self {
        Self {
            // A guest has its outputs, and no files, environment or sockets.
            wasi: WasiCtx::builder()
                .stdout(Lines::to(Target::Stdout))
                .stderr(Lines::to(Target::Stderr))
                .build(),
            http: WasiHttpCtx::new(),
            hooks: Hooks::new(Arc::clone(&component)),
            table: ResourceTable::new(),
            component,
            limits: wasmtime::StoreLimitsBuilder::new().memory_size(MAX_MEMORY_BYTES).build(),
        }
    }

    pub(crate) fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { hooks: &mut self.hooks, table: &mut self.table, ctx: &mut self.http }
    }

    pub(crate) fn view(&mut self) -> View<'_> {
        View { table: &mut self.table, component: &self.component }
    }
}

impl WasiView for Guest {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl wasmtime_wasi_http::WasiHttpView for Guest {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        Guest::http(self)
    }
}

/// The part of a [`Guest`] that the implementation of Spin's interfaces uses.
pub(crate) struct View<'a> {
    pub(crate) table: &'a mut ResourceTable,
    pub(crate) component: &'a Arc<Component>,
}

/// Selects [`View`] as the data of Spin's interfaces.
pub(crate) struct Platform;

impl HasData for Platform {
    type Data<'a> = View<'a>;
}
