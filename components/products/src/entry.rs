//! The export of the component.

use std::cell::RefCell;

use host_spin::{Instance, Pool, SpinHost, serve};
use spin_sdk::http::Request;
use spin_sdk::http_service;

use crate::{App, Config};

thread_local! {
    static INSTANCE: Instance<App<SpinHost<Pool>>> = const { RefCell::new(None) };
}

#[http_service]
async fn handle(request: Request) -> http::Response<http_body_util::Full<bytes::Bytes>> {
    let build = |settings| {
        let (config, host) = Config::read(settings)?;
        Ok(App::new(SpinHost::with_database(host.call_timeout, &host.database), config))
    };
    serve(&INSTANCE, Config::KEYS, build, request).await
}
