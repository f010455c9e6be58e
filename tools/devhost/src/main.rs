//! devhost: runs `spin.toml` on Wasmtime, for machines without `spin`. A development tool; see the README beside it.
#![allow(clippy::result_large_err, reason = "the large error is Spin's, as generated")]

mod allow;
mod bindings;
mod cron;
mod engine;
mod guest;
mod instances;
mod manifest;
mod outbound;
mod output;
mod pg;
mod pgtypes;
mod pool;
mod read_timeout;
mod route;
mod router;
mod server;
mod variables;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use lexopt::prelude::{Long, ValueExt as _};
use wasmtime_wasi_http::handler::ProxyHandler;

use crate::guest::Component;
use crate::instances::Factory;
use crate::manifest::App;
use crate::outbound::Outbound;
use crate::router::Router;

const USAGE: &str = "\
devhost [--manifest spin.toml] [--listen 127.0.0.1:3000] [--cache-dir DIRECTORY]
        [--every SECONDS PATH] [--bearer-env NAME]

Serves the components of a Spin application. SPIN_VARIABLE_* sets its variables.
--every      posts to PATH each SECONDS, with the token in the environment variable of --bearer-env
";

struct Options {
    manifest: PathBuf,
    listen: String,
    cache_directory: Option<PathBuf>,
    jobs: Vec<cron::Job>,
}

fn main() -> anyhow::Result<()> {
    let Some(options) = parse_arguments()? else {
        print(USAGE);
        return Ok(());
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let result = runtime.block_on(run(options));
    // In-flight requests are dropped, as on Spin: every stop is a kill.
    runtime.shutdown_background();
    result
}

async fn run(options: Options) -> anyhow::Result<()> {
    let app = App::load(&options.manifest, |key| std::env::var(key).ok())?;
    let engine = engine::new(options.cache_directory.as_deref())?;
    let outbound = Arc::new(Outbound::new());
    let names: Vec<String> = app.components.iter().map(|component| component.name.clone()).collect();
    let mut components = BTreeMap::new();
    for component in app.components {
        let pre = engine::prepare(&engine, &component.source)?;
        let component = Component {
            name: component.name,
            variables: component.variables,
            allowed_hosts: component.allowed_hosts,
            pools: pool::Pools::default(),
            outbound: Arc::clone(&outbound),
        };
        let factory = Factory { engine: engine.clone(), pre, component: Arc::new(component) };
        components.insert(factory.component.name.clone(), ProxyHandler::new(factory));
    }
    let name_of = |index: usize| names.get(index).cloned().unwrap_or_default();
    let routes = app.routes.into_iter().map(|(pattern, index)| (pattern, name_of(index))).collect();
    let router = Arc::new(Router::new(components, routes));
    outbound.connect(&router);
    for job in options.jobs {
        tokio::spawn(cron::run(job, Arc::clone(&router)));
    }
    server::serve(router, &options.listen).await
}

fn parse_arguments() -> anyhow::Result<Option<Options>> {
    let mut options = Options {
        manifest: "spin.toml".into(),
        listen: "127.0.0.1:3000".to_owned(),
        cache_directory: None,
        jobs: Vec::new(),
    };
    let mut jobs = Vec::new();
    let mut bearer = None;
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("manifest") => options.manifest = arguments.value()?.into(),
            Long("listen") => options.listen = arguments.value()?.string()?,
            Long("cache-dir") => options.cache_directory = Some(arguments.value()?.into()),
            Long("every") => jobs.push((arguments.value()?.parse()?, arguments.value()?.string()?)),
            Long("bearer-env") => {
                let name = arguments.value()?.string()?;
                bearer = Some(std::env::var(&name).with_context(|| format!("{name} is not set"))?);
            }
            Long("help") => return Ok(None),
            other => return Err(other.unexpected().into()),
        }
    }
    let job = |(seconds, path)| cron::Job { seconds, path, bearer: bearer.clone() };
    options.jobs = jobs.into_iter().map(job).collect();
    Ok(Some(options))
}

/// Writes a message of devhost itself.
#[expect(clippy::print_stderr, reason = "standard output carries the components' log")]
fn log(line: &str) {
    eprintln!("devhost: {line}");
}

#[expect(clippy::print_stdout, reason = "the usage and the address are output for a person")]
fn print(text: &str) {
    println!("{text}");
}
