//! Measures searches in a hundred thousand products, which an admin imports first.

use std::fmt::Write as _;

use anyhow::Context as _;
use serde_json::{Value, json};

use crate::Options;
use crate::load::{Template, milliseconds, once, run as load};

const FILES: usize = 10;
const ROWS: usize = 10_000;

/// The words of the products' names. Each is in a fifth, a seventh or an eleventh of the products.
const WORDS: [&[&str]; 3] = [
    &["lamp", "chair", "table", "kettle", "basket"],
    &["red", "blue", "green", "black", "white", "yellow", "grey"],
    &["oak", "steel", "glass", "wool", "cork", "linen", "paper", "brass", "slate", "clay", "felt"],
];

/// A common word, two words, a prefix, a SKU, a misspelled word, and a word without a match.
const SEARCHES: [&str; 6] = ["lamp", "red+lamp", "kett", "BENCH-3-777", "kettel", "nothinglikeit"];

pub(crate) async fn run(options: &Options) -> anyhow::Result<()> {
    let url = &options.url;
    let body = json!({ "email": "admin@example.com", "password": "correct horse battery staple" });
    let login: Value =
        serde_json::from_slice(&once(&Template::post(format!("{url}/users/login"), &body)).await?)?;
    let token = login.pointer("/token").and_then(Value::as_str).context("no token")?;
    for file in 0..FILES {
        let mut import = Template::post(format!("{url}/products/import"), &Value::Null);
        import.headers =
            vec![("content-type", "text/csv".to_owned()), ("authorization", format!("Bearer {token}"))];
        import.body = Some(products(file));
        let report = once(&import).await?;
        println!("file {file}: {}", String::from_utf8_lossy(&report));
    }
    println!(
        "{:<16} {:>8} {:>10} {:>10} {:>10}",
        "GET /products?q=", "requests", "p50 ms", "p95 ms", "p99 ms"
    );
    for words in SEARCHES {
        let search = Template::get(format!("{url}/products?q={words}"));
        let latencies = load(&search, 1, options.time).await?;
        let [p50, p95, p99] = [500, 950, 990].map(|permille| milliseconds(latencies.permille(permille)));
        println!("{words:<16} {:>8} {p50:>10} {p95:>10} {p99:>10}", latencies.count());
    }
    Ok(())
}

fn products(file: usize) -> String {
    let mut csv = String::from("sku,name,category,basePrice,stockQuantity,status\n");
    for row in 0..ROWS {
        let number = file * ROWS + row;
        let words = WORDS.map(|words| words.get(number % words.len()).copied().unwrap_or_default());
        let [noun, color, material] = words;
        let _ = writeln!(
            csv,
            "BENCH-{file}-{row},{color} {material} {noun} {number},books,{}.99,5,active",
            number % 500
        );
    }
    csv
}
