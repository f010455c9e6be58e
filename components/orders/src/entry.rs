//! The component's export: one request in, one response out.

use std::cell::RefCell;

use host_spin::{Instance, SpinHost, serve};
use spin_sdk::http::Request;
use spin_sdk::http_service;

use crate::{App, Config};

thread_local! {
    static INSTANCE: Instance<App<SpinHost>> = const { RefCell::new(None) };
}

#[http_service]
async fn handle(request: Request) -> http::Response<http_body_util::Full<bytes::Bytes>> {
    let build = |settings| {
        let (config, call_timeout) = Config::read(settings)?;
        Ok(App { host: SpinHost::new(call_timeout), config })
    };
    serve(&INSTANCE, Config::KEYS, build, request).await
}
