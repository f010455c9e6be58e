//! Measures the effect of logins on reads of the catalog: a password hash occupies a thread of the host.

use serde_json::json;

use crate::Options;
use crate::load::{Latencies, Template, milliseconds, run as load};

const READERS: usize = 8;
const LOGINS: usize = 4;

pub(crate) async fn run(options: &Options) -> anyhow::Result<()> {
    let read = Template::get(format!("{}/products", options.url));
    let body = json!({ "email": "ada@example.com", "password": "correct horse battery" });
    let login = Template::post(format!("{}/users/login", options.url), &body);
    let mut single_login = Latencies::default();
    let (mut alone, mut during_logins, mut logins) =
        (Latencies::default(), Latencies::default(), Latencies::default());
    for _ in 0..options.rounds {
        single_login.add(load(&login, 1, options.time / 2).await?);
        alone.add(load(&read, READERS, options.time).await?);
        let (reads, hashes) =
            tokio::join!(load(&read, READERS, options.time), load(&login, LOGINS, options.time));
        during_logins.add(reads?);
        logins.add(hashes?);
    }
    println!("{:<36} {:>8} {:>10} {:>10}", "", "requests", "p50 ms", "p99 ms");
    for (name, latencies) in [
        ("POST /users/login, 1 client, alone", &single_login),
        ("GET /products, 8 clients, alone", &alone),
        ("GET /products during 4 logins", &during_logins),
        ("POST /users/login, 4 clients", &logins),
    ] {
        let (p50, p99) = (milliseconds(latencies.permille(500)), milliseconds(latencies.permille(990)));
        println!("{name:<36} {:>8} {p50:>10} {p99:>10}", latencies.count());
    }
    Ok(())
}
