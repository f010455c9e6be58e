//! Runs the emulator as a process, for local runs and for tests that restart it.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use firestore_emulator::{Emulator, Indexes, Store, serve};
use lexopt::prelude::{Long, ValueExt as _};
use tokio::net::TcpListener;

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let Options { listen, data, indexes } = parse_arguments()?;
    let store = match &data {
        Some(file) => Store::from_file(file)?,
        None => Store::default(),
    };
    let indexes = indexes.map(|file| {
        let text =
            std::fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        Indexes::parse(&text).with_context(|| file.display().to_string())
    });
    let listener = TcpListener::bind(&listen).await.with_context(|| format!("cannot listen on {listen}"))?;
    announce(&format!("Serving http://{}", listener.local_addr()?));
    serve(listener, Arc::new(Emulator::of(store, indexes.transpose()?))).await
}

struct Options {
    listen: String,
    /// The file of the documents. Without it they are kept in memory.
    data: Option<PathBuf>,
    /// The file of the indexes. With it, a query that needs another index is rejected.
    indexes: Option<PathBuf>,
}

fn parse_arguments() -> anyhow::Result<Options> {
    let mut options = Options { listen: "127.0.0.1:0".to_owned(), data: None, indexes: None };
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("listen") => options.listen = arguments.value()?.string()?,
            Long("data") => options.data = Some(PathBuf::from(arguments.value()?)),
            Long("indexes") => options.indexes = Some(PathBuf::from(arguments.value()?)),
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(options)
}

#[expect(clippy::print_stdout, reason = "the parent process reads the address")]
fn announce(line: &str) {
    println!("{line}");
}
