//! Tests of PostgreSQL: conversions, errors, the allow list, and the pool.

use tokio_postgres::NoTls;
use tokio_postgres::config::Host;

use crate::platform::{Platform, poll_until};

fn server() -> String {
    std::env::var("CARTWHEEL_TEST_PG").expect(
        "CARTWHEEL_TEST_PG must name a PostgreSQL to test with: \
         host=127.0.0.1 port=5432 user=postgres password=... dbname=postgres",
    )
}

/// A platform that may reach the server, and an address that no other test uses.
struct Bench {
    platform: Platform,
    address: String,
}

impl Bench {
    async fn start(name: &str) -> Self {
        let config: tokio_postgres::Config = server().parse().unwrap();
        let Some(Host::Tcp(host)) = config.get_hosts().first() else {
            panic!("no host in CARTWHEEL_TEST_PG")
        };
        let port = config.get_ports().first().copied().unwrap_or(5432);
        let platform = Platform::allowing(&[&format!("postgres://{host}:{port}")]).await;
        Self { platform, address: format!("{} application_name=probe_{name}", server()) }
    }

    /// Runs the statements on one connection, and returns the result of each.
    async fn run(&self, statements: &[&str]) -> Vec<String> {
        let script = format!("{}\n{}", self.address, statements.join("\n"));
        let answer = self.platform.post("/a/pg", &script).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body.lines().map(str::to_owned).collect()
    }

    async fn check(&self, statement: &str, expected: &str) {
        assert_eq!(self.run(&[statement]).await, [expected], "{statement}");
    }
}

async fn admin() -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(&server(), NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

#[tokio::test]
async fn values_are_converted_as_on_spin() {
    let bench = Bench::start("values").await;
    for (statement, expected) in [
        ("select true, null::int", "Boolean(true) | DbNull"),
        ("select 1::int2, 2::int4, 3::int8", "Int16(1) | Int32(2) | Int64(3)"),
        ("select 1.5::float4, 2.5::float8", "Floating32(1.5) | Floating64(2.5)"),
        ("select 'a'::text, 'b'::varchar, 'c'::char(2)", "Str(\"a\") | Str(\"b\") | Str(\"c \")"),
        ("select '\\x0102'::bytea", "Binary([1, 2])"),
        (
            "select date '2026-02-28', time '23:59:58.5'",
            "Date((2026, 2, 28)) | Time((23, 59, 58, 500000000))",
        ),
        ("select timestamp '1969-12-31 23:59:59.25'", "Datetime((1969, 12, 31, 23, 59, 59, 250000000))"),
        (
            "select uuid '00000000-0000-0000-0000-00000000002A'",
            "Uuid(\"00000000-0000-0000-0000-00000000002a\")",
        ),
        ("select jsonb '{\"b\": 1, \"a\": [true]}'", "Jsonb({\"a\":[true],\"b\":1})"),
        ("select 12.50::numeric, -0.001::numeric", "Decimal(\"12.50\") | Decimal(\"-0.001\")"),
        (
            "select array[1, null]::int4[], array['x']",
            "ArrayInt32([Some(1), None]) | ArrayStr([Some(\"x\")])",
        ),
    ] {
        let columns = expected.split(" | ").count();
        bench.check(statement, &format!("{columns} columns, 1 rows: {expected}")).await;
    }
    bench
        .check(
            "typed select $1::uuid = '00000000-0000-0000-0000-00000000002a', $2::numeric, $3::jsonb, $4::timestamp, $5::int4[], $6::text",
            "6 columns, 1 rows: Boolean(true) | Decimal(\"12.50\") | Jsonb({\"b\":1}) | Datetime((2026, 2, 28, 23, 59, 58, 123456000)) | ArrayInt32([Some(1), None]) | DbNull",
        )
        .await;
    bench.check("select generate_series(1, 5000)", "1 columns, 5000 rows: Int32(1)").await;
}

#[tokio::test]
async fn what_spin_rejects_is_rejected() {
    let bench = Bench::start("refused").await;
    admin()
        .await
        .batch_execute("drop type if exists probe_mood; create type probe_mood as enum ('good')")
        .await
        .unwrap();
    bench.check("select 'good'::probe_mood", "1 columns, 1 rows: Unsupported").await;
    bench.check("select current_user", "1 columns, 1 rows: Unsupported").await;
    bench.check("select json '{}'", "1 columns, 1 rows: Unsupported").await;
    bench.check("select 1 where false", "0 columns, 0 rows: ").await;
    for statement in
        ["select now()", "select null::timestamptz", "select 'NaN'::numeric", "select 1e30::numeric"]
    {
        let result = bench.run(&[statement]).await.concat();
        assert!(
            result.starts_with("1 columns, 0 rows, then QueryFailed") || result.contains("Text("),
            "{result}"
        );
    }
    // The rows before the one that fails are returned.
    let statement = "select case n when 3 then 'NaN' else n::text end::numeric from generate_series(1, 5) n";
    let result = bench.run(&[statement]).await.concat();
    assert!(result.starts_with("1 columns, 2 rows, then"), "{result}");
    let results = bench.run(&["badparam select $1::uuid", "badexecute select $1::uuid"]).await;
    assert!(results[0].starts_with("BadParameter"), "{results:?}");
    assert!(results[1].starts_with("ValueConversionFailed"), "{results:?}");
}

#[tokio::test]
async fn errors_carry_their_state_and_constraint() {
    let bench = Bench::start("errors").await;
    let results = bench
        .run(&[
            "execute create temp table probe_errors (id int constraint probe_errors_id_key unique)",
            "execute insert into probe_errors values (1), (2)",
            "execute insert into probe_errors values (1)",
            "execute select no_such_function()",
            "select 1 / (3 - n) from generate_series(1, 5) n",
            "select 1",
        ])
        .await;
    assert_eq!(results[..2], ["count 0", "count 2"]);
    assert!(
        results[2].starts_with("db-error 23505 Some(\"probe_errors_id_key\") Some(\"probe_errors\")"),
        "{}",
        results[2]
    );
    assert!(results[3].starts_with("db-error 42883 None None"), "{}", results[3]);
    assert!(results[4].contains("2 rows, then db-error 22012"), "{}", results[4]);
    assert_eq!(results[5], "1 columns, 1 rows: Int32(1)");
}

#[tokio::test]
async fn only_listed_servers_can_be_reached() {
    let bench = Bench::start("allowed").await;
    for (address, message) in [
        ("host=192.0.2.1 port=5432", "address postgres://192.0.2.1:5432 is not permitted"),
        ("host=127.0.0.1 port=1", "address postgres://127.0.0.1:1 is not permitted"),
        ("hostaddr=127.0.0.1", "hostaddr"),
        ("not an address", "cannot be read"),
    ] {
        let answer = bench.platform.post("/a/pg", address).await;
        assert_eq!(answer.status, 502);
        assert!(
            answer.body.starts_with("ConnectionFailed") && answer.body.contains(message),
            "{}",
            answer.body
        );
    }
    let other = bench.platform.post("/b/pg", &bench.address).await;
    assert!(other.body.contains("is not permitted"), "{}", other.body);
}

const BACKEND: &str = "select pg_backend_pid()";

#[tokio::test]
async fn a_connection_returns_to_the_pool_unless_a_transaction_is_open() {
    let bench = Bench::start("guard").await;
    let first = bench.run(&[BACKEND]).await;
    assert_eq!(bench.run(&[BACKEND]).await, first);
    assert_eq!(bench.run(&["execute begin", BACKEND, "execute commit"]).await[1], first[0]);
    assert_eq!(bench.run(&[BACKEND]).await, first);

    let left_open = bench.run(&["execute begin", BACKEND]).await;
    assert_eq!(left_open[1], first[0]);
    assert_ne!(bench.run(&[BACKEND]).await, first);
    let open =
        "select count(*) from pg_stat_activity where application_name = 'probe_guard' and state <> 'idle'";
    assert_eq!(admin().await.query_one(open, &[]).await.unwrap().get::<_, i64>(0), 0);
}

#[tokio::test]
async fn settings_are_reset_before_a_connection_is_reused() {
    let bench = Bench::start("clean").await;
    let first = bench.run(&[BACKEND, "execute set statement_timeout = '7s'"]).await;
    let next = bench.run(&[BACKEND, "select current_setting('statement_timeout')"]).await;
    assert_eq!(next[0], first[0]);
    assert_eq!(next[1], "1 columns, 1 rows: Str(\"0\")");
}

#[tokio::test]
async fn after_the_server_closed_its_connections_the_next_open_succeeds() {
    let bench = Bench::start("restart").await;
    let first = bench.run(&[BACKEND]).await;
    let admin = admin().await;
    let end = "select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name = 'probe_restart'";
    assert_eq!(admin.query_one(end, &[]).await.unwrap().get::<_, i64>(0), 1);
    let backends = "select count(*) from pg_stat_activity where application_name = 'probe_restart'";
    let have_ended = async || {
        let count: i64 = admin.query_one(backends, &[]).await.unwrap().get(0);
        (count == 0).then_some(())
    };
    poll_until(have_ended).await.expect("the server's process has not ended");
    assert_ne!(bench.run(&[BACKEND]).await, first);
}
