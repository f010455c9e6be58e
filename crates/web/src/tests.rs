//! The edge as a client sees it, on a small service.

mod call;
mod edge;

use std::cell::RefCell;

use bytes::Bytes;
use capability::scripted::Scripted;
use capability::{Clock, Entropy, Settings};
use expect_test::Expect;
use http::{Method, Request, Response};
use kernel::Timestamp;
use kernel::fields;
use kernel::page::Page;

use crate::{Body, Call, EdgeConfig, Problem, Reply, Route, Served, Service, route, serve};

struct Greeter {
    host: Scripted,
    edge: EdgeConfig,
    events: RefCell<Vec<&'static str>>,
}

#[derive(Clone, Copy)]
enum RouteId {
    Greet,
    Broken,
    Internal,
    Client,
    Parts,
    Part,
    ChangePart,
}

impl Service for Greeter {
    const NAME: &'static str = "greeter";
    type RouteId = RouteId;
    const ROUTES: &'static [Route<RouteId>] = &[
        route(&Method::POST, "/greetings", RouteId::Greet),
        route(&Method::GET, "/broken", RouteId::Broken),
        route(&Method::GET, "/internal", RouteId::Internal).service_only(),
        route(&Method::GET, "/client", RouteId::Client),
        route(&Method::GET, "/parts", RouteId::Parts),
        route(&Method::GET, "/parts/{id}", RouteId::Part),
        route(&Method::PUT, "/parts/{id}", RouteId::ChangePart).writes(),
    ];

    fn host(&self) -> &(impl Clock + Entropy) {
        &self.host
    }

    fn edge(&self) -> &EdgeConfig {
        &self.edge
    }

    fn invalidate_caches(&self) {
        self.events.borrow_mut().push("invalidate");
    }

    async fn dispatch(&self, id: RouteId, mut call: Call) -> Result<Reply, Problem> {
        self.events.borrow_mut().push("dispatch");
        match id {
            RouteId::Greet => {
                let mut body = call.json().await?;
                let name = body.required("name", fields::line(20));
                let name = body.finish(|| name)?;
                Reply::ok(&serde_json::json!({ "greeting": format!("hello {name}") }))
            }
            RouteId::Broken => Err(Problem::internal("password=hunter2 at 10.0.0.1")),
            RouteId::Internal => Ok(Reply::no_content()),
            RouteId::Client => Reply::ok(&call.client_address()),
            RouteId::Parts => {
                let color = call.query().get("color").map(str::to_owned);
                let request = call.page::<i64>("parts", &color)?;
                let next = request.after.unwrap_or(0) + request.limit.get();
                let page = Page::from_json(&format!(r#"{{"next":{next},"items":[{next}]}}"#));
                Reply::page(&call, "parts", &color, &page.map_err(Problem::internal)?)
            }
            RouteId::Part | RouteId::ChangePart => Reply::ok(&call.id::<i64>("id", "part")?),
        }
    }
}

fn greeter(trusted_hops: &str, gcp_project: &str) -> Greeter {
    let variables = [
        ("service_token", "s3cret"),
        ("cors_origins", "https://shop.example"),
        ("gcp_project", gcp_project),
        ("trusted_hops", trusted_hops),
    ];
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    let mut settings: Settings = variables.into_iter().map(owned).collect();
    Greeter {
        host: Scripted::at(Timestamp::parse("2026-01-01T00:00:00Z").unwrap()),
        edge: EdgeConfig::read(&mut settings).unwrap(),
        events: RefCell::default(),
    }
}

fn serve_by(service: &Greeter, request: Request<Body>) -> Served {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(serve(service, request, |_| "198.51.100.9".parse().ok()))
}

fn served(request: Request<Body>) -> (Response<Bytes>, String) {
    served_in("", request)
}

fn served_in(gcp_project: &str, request: Request<Body>) -> (Response<Bytes>, String) {
    let served = serve_by(&greeter("0", gcp_project), request);
    (served.response, served.log_line)
}

fn get(path: &str) -> serde_json::Value {
    let (response, _) = served(Request::get(path).body(Body::empty()).unwrap());
    serde_json::from_slice(response.body()).unwrap()
}

fn status(request: http::request::Builder, body: impl Into<Bytes>) -> u16 {
    served(request.body(Body::full(body)).unwrap()).0.status().as_u16()
}

fn post() -> http::request::Builder {
    Request::post("/greetings").header("content-type", "application/json")
}

#[track_caller]
fn check(request: Request<Body>, expect: Expect) {
    let (response, _) = served(request);
    let mut text = format!("{}\n", response.status());
    for (name, value) in response.headers() {
        text += &format!("{name}: {}\n", value.to_str().unwrap());
    }
    text += std::str::from_utf8(response.body()).unwrap();
    expect.assert_eq(&text);
}
