//! The emulator as a process: for local runs, and for tests that stop and start it.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use firestore_emulator::{Emulator, Store, serve};
use lexopt::prelude::{Long, ValueExt as _};
use tokio::net::TcpListener;

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let (listen, data) = parse_arguments()?;
    let store = match &data {
        Some(file) => Store::kept_in(file)?,
        None => Store::default(),
    };
    let listener = TcpListener::bind(&listen).await.with_context(|| format!("cannot listen on {listen}"))?;
    announce(&format!("Serving http://{}", listener.local_addr()?));
    serve(listener, Arc::new(Emulator::of(store))).await
}

fn parse_arguments() -> anyhow::Result<(String, Option<PathBuf>)> {
    let (mut listen, mut data) = ("127.0.0.1:0".to_owned(), None);
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("listen") => listen = arguments.value()?.string()?,
            Long("data") => data = Some(PathBuf::from(arguments.value()?)),
            other => return Err(other.unexpected().into()),
        }
    }
    Ok((listen, data))
}

#[expect(clippy::print_stdout, reason = "whoever starts it reads the address here")]
fn announce(line: &str) {
    println!("{line}");
}
