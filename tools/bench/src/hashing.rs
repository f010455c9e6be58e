//! What logins cost those who read the catalogue: a hash holds up a thread of the host for as long as it takes.

use serde_json::json;

use crate::Options;
use crate::load::{Latencies, Shot, milliseconds, run as load};

const READERS: usize = 8;
const LOGINS: usize = 4;

pub(crate) async fn run(options: &Options) -> anyhow::Result<()> {
    let read = Shot::get(format!("{}/products", options.url));
    let body = json!({ "email": "ada@example.com", "password": "correct horse battery" });
    let login = Shot::post(format!("{}/users/login", options.url), &body);
    let mut one = Latencies::default();
    let (mut alone, mut beside, mut logins) =
        (Latencies::default(), Latencies::default(), Latencies::default());
    for _ in 0..options.rounds {
        one.add(load(&login, 1, options.time / 2).await?);
        alone.add(load(&read, READERS, options.time).await?);
        let (reads, hashes) =
            tokio::join!(load(&read, READERS, options.time), load(&login, LOGINS, options.time));
        beside.add(reads?);
        logins.add(hashes?);
    }
    println!("{:<36} {:>8} {:>10} {:>10}", "", "requests", "p50 ms", "p99 ms");
    for (name, latencies) in [
        ("POST /users/login, 1 client, alone", &one),
        ("GET /products, 8 clients, alone", &alone),
        ("GET /products beside 4 logins", &beside),
        ("POST /users/login, these 4", &logins),
    ] {
        let (p50, p99) = (milliseconds(latencies.permille(500)), milliseconds(latencies.permille(990)));
        println!("{name:<36} {:>8} {p50:>10} {p99:>10}", latencies.count());
    }
    Ok(())
}
