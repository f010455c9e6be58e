//! The component of devhost's tests. Each path exercises one feature of the platform, and answers in plain text.

use std::sync::atomic::{AtomicU32, Ordering};

use bytes::Bytes;
use http::{Method, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full};
use spin_sdk::http::Request;
use spin_sdk::pg::{Connection, DbValue, Error as PgError, ParameterValue};
use spin_sdk::wasip3::http::types::{self as wasi, ErrorCode};
use spin_sdk::wasip3::http_compat::RequestOptionsExtension;
use spin_sdk::{http_service, variables};

type Body = UnsyncBoxBody<Bytes, ErrorCode>;

/// The number of requests of this instance. It shows the tests whether an instance is reused.
static REQUESTS: AtomicU32 = AtomicU32::new(0);

#[http_service]
async fn handle(request: Request) -> Result<Response<Body>, ErrorCode> {
    let count = REQUESTS.fetch_add(1, Ordering::Relaxed) + 1;
    let path = request.uri().path().to_owned();
    let argument = argument(&request);
    // A sibling is called at /..., and this component may be mounted anywhere.
    let name = path.rsplit('/').next().unwrap_or_default();
    Ok(match name {
        "hello" => text(StatusCode::OK, "hello"),
        "count" => text(StatusCode::OK, &count.to_string()),
        "headers" => text(StatusCode::OK, &headers(&request)),
        "uri" => text(StatusCode::OK, &request.uri().to_string()),
        "vars" => text(StatusCode::OK, &format!("{:?}", variables::get(&argument).await)),
        "pg" => postgres(&whole(request).await?).await,
        "out" => fetch(&argument, &[]).await,
        "slow" => fetch(&argument, &[Limit::FirstByte, Limit::BetweenBytes]).await,
        "unreachable" => fetch(&argument, &[Limit::Connect]).await,
        "chain" => fetch(&argument, &[]).await,
        "echo" => Response::new(request.into_body().boxed_unsync()),
        "upper" => Response::new(
            request
                .into_body()
                .map_frame(|frame| frame.map_data(|data| data.to_ascii_uppercase().into()))
                .boxed_unsync(),
        ),
        "size" => text(StatusCode::OK, &whole(request).await?.len().to_string()),
        "say" => {
            println!("{argument}");
            text(StatusCode::OK, "")
        }
        "whoami" => {
            println!("{:?}", request.headers().get("authorization"));
            text(StatusCode::OK, "")
        }
        "error" => return Err(ErrorCode::InternalError(Some("as asked".to_owned()))),
        "panic" => panic!("as asked"),
        "loop" => spin(),
        "memory" => text(StatusCode::OK, &vec![1_u8; 1 << 30].len().to_string()),
        _ => text(StatusCode::NOT_FOUND, request.method().as_str()),
    })
}

fn argument(request: &Request) -> String {
    request.uri().query().unwrap_or_default().replace("%20", " ").replace("%22", "\"")
}

fn headers(request: &Request) -> String {
    let lines =
        request.headers().iter().map(|(name, value)| format!("{name}: {}\n", value.to_str().unwrap_or("?")));
    lines.collect()
}

/// Computes without an end and without yielding.
fn spin() -> ! {
    let mut count = 0_u64;
    loop {
        count = std::hint::black_box(count.wrapping_add(1));
    }
}

async fn whole(request: Request) -> Result<String, ErrorCode> {
    let bytes = request.into_body().collect().await?.to_bytes();
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn text(status: StatusCode, body: &str) -> Response<Body> {
    let body = body.to_owned();
    let mut response = Response::new(Full::from(body.clone()).map_err(|never| match never {}).boxed_unsync());
    *response.status_mut() = status;
    response.headers_mut().insert("content-length", body.len().into());
    response
}

enum Limit {
    Connect,
    FirstByte,
    BetweenBytes,
}

/// Fetches a URL with a timeout of 300 ms for each given step, and answers with the response or the error.
async fn fetch(url: &str, limits: &[Limit]) -> Response<Body> {
    const LIMIT_NANOS: u64 = 300_000_000;
    let options = wasi::RequestOptions::new();
    for limit in limits {
        let _ = match limit {
            Limit::Connect => options.set_connect_timeout(Some(LIMIT_NANOS)),
            Limit::FirstByte => options.set_first_byte_timeout(Some(LIMIT_NANOS)),
            Limit::BetweenBytes => options.set_between_bytes_timeout(Some(LIMIT_NANOS)),
        };
    }
    let request =
        http::Request::builder().method(Method::GET).uri(url).extension(RequestOptionsExtension(options));
    let Ok(request) = request.body(http_body_util::Empty::<Bytes>::new()) else {
        return text(StatusCode::BAD_REQUEST, "not a URL");
    };
    match spin_sdk::http::send(request).await {
        Err(code) => text(StatusCode::BAD_GATEWAY, &format!("{code:?}")),
        Ok(response) => {
            let status = response.status();
            match response.into_body().collect().await {
                Ok(body) => text(status, &String::from_utf8_lossy(&body.to_bytes())),
                Err(code) => text(StatusCode::BAD_GATEWAY, &format!("body: {code:?}")),
            }
        }
    }
}

/// Connects to the address in the first line, runs the statement in each other line, and answers with the results.
/// A word before a statement selects how it is run.
async fn postgres(script: &str) -> Response<Body> {
    let (address, statements) = script.split_once('\n').unwrap_or((script, ""));
    let connection = match Connection::open(address).await {
        Ok(connection) => connection,
        Err(error) => return text(StatusCode::BAD_GATEWAY, &describe(error)),
    };
    let mut results = String::new();
    for line in statements.lines().filter(|line| !line.is_empty()) {
        let outcome = match line.split_once(' ') {
            Some(("execute", statement)) => execute(&connection, statement, vec![]).await,
            Some(("typed", statement)) => query(&connection, statement, typed()).await,
            Some(("badparam", statement)) => {
                query(&connection, statement, vec![ParameterValue::Uuid("not a uuid".to_owned())]).await
            }
            Some(("badexecute", statement)) => {
                execute(&connection, statement, vec![ParameterValue::Uuid("not a uuid".to_owned())]).await
            }
            _ => query(&connection, line, vec![]).await,
        };
        results.push_str(&outcome);
        results.push('\n');
    }
    text(StatusCode::OK, &results)
}

fn typed() -> Vec<ParameterValue> {
    vec![
        ParameterValue::Uuid("00000000-0000-0000-0000-00000000002a".to_owned()),
        ParameterValue::Decimal("12.50".to_owned()),
        ParameterValue::Jsonb(br#"{"b":1}"#.to_vec()),
        ParameterValue::Datetime((2026, 2, 28, 23, 59, 58, 123_456_000)),
        ParameterValue::ArrayInt32(vec![Some(1), None]),
        ParameterValue::DbNull,
    ]
}

async fn execute(connection: &Connection, statement: &str, params: Vec<ParameterValue>) -> String {
    match connection.execute(statement, params).await {
        Ok(count) => format!("count {count}"),
        Err(error) => describe(error),
    }
}

async fn query(connection: &Connection, statement: &str, params: Vec<ParameterValue>) -> String {
    let mut answer = match connection.query(statement, params).await {
        Ok(answer) => answer,
        Err(error) => return describe(error),
    };
    let columns = answer.columns().len();
    let (mut rows, mut first) = (0, None);
    while let Some(row) = answer.rows().next().await {
        rows += 1;
        first.get_or_insert(row);
    }
    let values: Vec<String> = first.iter().flatten().map(value).collect();
    match answer.result().await {
        Ok(()) => format!("{columns} columns, {rows} rows: {}", values.join(" | ")),
        Err(error) => format!("{columns} columns, {rows} rows, then {}", describe(error)),
    }
}

fn value(value: &DbValue) -> String {
    match value {
        DbValue::Jsonb(bytes) => format!("Jsonb({})", String::from_utf8_lossy(bytes)),
        DbValue::Unsupported(_) => "Unsupported".to_owned(),
        other => format!("{other:?}").replace("DbValue::", ""),
    }
}

fn describe(error: PgError) -> String {
    use spin_sdk::pg::{PgError as Inner, QueryError};
    match error {
        PgError::PgError(Inner::QueryFailed(QueryError::DbError(error))) => {
            let extra =
                |key: &str| error.extras.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str());
            format!("db-error {} {:?} {:?} {}", error.code, extra("constraint"), extra("table"), error.message)
        }
        PgError::PgError(other) => format!("{other:?}").replace('\n', " ").replace("Error::", ""),
        other => format!("other {other:?}"),
    }
}
