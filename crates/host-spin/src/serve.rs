use std::cell::RefCell;
use std::rc::Rc;

use bytes::Bytes;
use capability::{Misconfigured, Settings};
use futures_util::StreamExt as _;
use http_body_util::{BodyExt as _, Full};
use spin_sdk::http::Request;
use web::{Body, BodyError, Served, Service};

/// The service of this instance, built at its first request.
pub type Instance<S> = RefCell<Option<Rc<S>>>;

/// Answers a request with this instance's service, and writes its log line.
///
/// The service is built from the component's variables once. A configuration that cannot be used is not kept, so an instance
/// recovers when its variables do.
pub async fn serve<S: Service + 'static>(
    instance: &'static std::thread::LocalKey<Instance<S>>,
    keys: &[&str],
    build: impl FnOnce(Settings) -> Result<S, Misconfigured>,
    request: Request,
) -> http::Response<Full<Bytes>> {
    let (parts, body) = request.into_parts();
    let chunks = body.into_data_stream().map(|chunk| chunk.map_err(|code| BodyError(format!("{code:?}"))));
    let request = http::Request::from_parts(parts, Body::stream(chunks));

    let kept = instance.with_borrow(Clone::clone);
    let service = match kept {
        Some(service) => Ok(service),
        None => build(read_settings(keys).await).map(|built| {
            let built = Rc::new(built);
            instance.replace(Some(Rc::clone(&built)));
            built
        }),
    };
    let served = match service {
        Ok(service) => web::serve(&*service, request).await,
        Err(misconfigured) => web::edge::misconfigured(S::NAME, &misconfigured),
    };
    write_log(&served);
    served.response.map(Full::new)
}

async fn read_settings(keys: &[&str]) -> Settings {
    let mut values = Vec::with_capacity(keys.len());
    for key in keys {
        // An undefined variable counts as empty: the configuration says whether it may be.
        let value = spin_sdk::variables::get(key).await.unwrap_or_default();
        values.push(((*key).to_owned(), value));
    }
    values.into_iter().collect()
}

#[expect(clippy::print_stdout, reason = "the log is standard output, one JSON object a line")]
fn write_log(served: &Served) {
    println!("{}", served.log_line);
}
