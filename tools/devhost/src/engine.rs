//! Configures Wasmtime: compiles components and limits the resources of their instances.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use wasmtime::component::{Component as Wasm, Linker};
use wasmtime::{Cache, CacheConfig, Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};
use wasmtime_wasi_http::p3::bindings::ServicePre;

use crate::bindings;
use crate::guest::{Component, Guest, Platform};

/// The maximum number of instances at once. A request that no running instance accepts starts a new one.
const MAX_INSTANCES: u32 = 256;

/// The interval after which a CPU-bound guest yields to other guests.
const TICK: Duration = Duration::from_millis(2);

pub(crate) fn new(cache_directory: Option<&Path>) -> anyhow::Result<Engine> {
    let mut config = Config::new();
    config.wasm_component_model_async(true).epoch_interruption(true);
    if let Some(directory) = cache_directory {
        std::fs::create_dir_all(directory)
            .with_context(|| format!("cannot create {}", directory.display()))?;
        let directory = directory.canonicalize()?;
        let mut cache = CacheConfig::new();
        cache.with_directory(directory);
        config.cache(Some(Cache::new(cache).map_err(anyhow::Error::from)?));
    }
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool()));
    let engine = match Engine::new(&config) {
        Ok(engine) => engine,
        Err(error) => {
            crate::log(&format!("no pooling allocator, instances will start slower: {error:#}"));
            config.allocation_strategy(InstanceAllocationStrategy::OnDemand);
            Engine::new(&config).map_err(anyhow::Error::from)?
        }
    };
    tick(&engine)?;
    Ok(engine)
}

fn pool() -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(MAX_INSTANCES)
        .total_core_instances(MAX_INSTANCES.saturating_mul(4))
        .total_memories(MAX_INSTANCES)
        .total_tables(MAX_INSTANCES.saturating_mul(2))
        // Each concurrent request uses one stack. Spin has the same limit.
        .total_stacks(1000)
        .max_component_instance_size(8 * 1024 * 1024)
        .max_core_instance_size(4 * 1024 * 1024)
        .max_core_instances_per_component(16)
        .max_tables_per_component(16)
        .table_elements(20_000);
    pool
}

fn tick(engine: &Engine) -> anyhow::Result<()> {
    let engine = engine.weak();
    let increment = move || {
        while let Some(engine) = engine.upgrade() {
            engine.increment_epoch();
            drop(engine);
            std::thread::sleep(TICK);
        }
    };
    std::thread::Builder::new().name("epoch".to_owned()).spawn(increment).context("cannot start a thread")?;
    Ok(())
}

/// Compiles a component or loads it from the cache, and links it with the interfaces of devhost.
pub(crate) fn prepare(engine: &Engine, source: &Path) -> anyhow::Result<ServicePre<Guest>> {
    let link = || -> wasmtime::Result<ServicePre<Guest>> {
        let wasm = Wasm::from_file(engine, source)?;
        let mut linker = Linker::<Guest>::new(engine);
        wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
        wasmtime_wasi::p3::add_to_linker(&mut linker)?;
        wasmtime_wasi_http::p3::add_to_linker(&mut linker)?;
        bindings::spin::postgres::postgres::add_to_linker::<_, Platform>(&mut linker, Guest::view)?;
        bindings::spin::variables::variables::add_to_linker::<_, Platform>(&mut linker, Guest::view)?;
        ServicePre::new(linker.instantiate_pre(&wasm)?)
    };
    link().map_err(anyhow::Error::from).with_context(|| {
        format!("cannot load {}: build the components with `cargo xtask build`", source.display())
    })
}

/// Creates the store of an instance.
pub(crate) fn store(engine: &Engine, component: &Arc<Component>) -> wasmtime::Store<Guest> {
    let mut store = wasmtime::Store::new(engine, Guest::new(Arc::clone(component)));
    store.limiter(|guest| &mut guest.limits);
    store.set_epoch_deadline(1);
    store.epoch_deadline_async_yield_and_update(1);
    store
}
