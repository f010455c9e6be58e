use std::cell::RefCell;
use std::rc::Rc;

use bytes::Bytes;
use capability::{Keys, Misconfigured, Settings};
use futures_util::StreamExt as _;
use http_body_util::{BodyExt as _, Full};
use spin_sdk::http::Request;
use web::{Body, BodyError, Served, Service};

use crate::peer::peer_address;

/// The service of an instance, built at its first request.
pub type Instance<S> = RefCell<Option<Rc<S>>>;

/// Serves a request with the service of the instance, and writes its log line.
///
/// The service is built from the component's variables once. After a faulty configuration the next request builds it again,
/// so that an instance recovers with its variables.
pub async fn serve<S: Service + 'static>(
    instance: &'static std::thread::LocalKey<Instance<S>>,
    keys: Keys,
    build: impl FnOnce(Settings) -> Result<S, Misconfigured>,
    request: Request,
) -> http::Response<Full<Bytes>> {
    let (parts, body) = request.into_parts();
    let chunks = body.into_data_stream().map(|chunk| chunk.map_err(|code| BodyError(format!("{code:?}"))));
    let request = http::Request::from_parts(parts, Body::stream(chunks));

    let cached = instance.with_borrow(Clone::clone);
    let service = match cached {
        Some(service) => Ok(service),
        None => build(read_settings(keys).await).map(|built| {
            let built = Rc::new(built);
            instance.replace(Some(Rc::clone(&built)));
            built
        }),
    };
    let served = match service {
        Ok(service) => web::serve(&*service, request, peer_address).await,
        Err(misconfigured) => web::edge::misconfigured(S::NAME, &misconfigured),
    };
    write_log(&served);
    served.response.map(Full::new)
}

async fn read_settings(keys: Keys) -> Settings {
    let mut values = Vec::new();
    for key in keys.iter().copied().flatten() {
        // An undefined variable is empty: the configuration decides whether that is a fault.
        let value = spin_sdk::variables::get(key).await.unwrap_or_default();
        values.push(((*key).to_owned(), value));
    }
    values.into_iter().collect()
}

#[expect(clippy::print_stdout, reason = "standard output is the log, one JSON object a line")]
fn write_log(served: &Served) {
    println!("{}", served.log_line);
}
