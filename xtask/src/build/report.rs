//! `build --report`: the sizes of the components, and the memory of an idle shop.

use std::fs;
use std::time::Duration;

use anyhow::{Context as _, ensure};

use super::{NAMES, tools, wasm};
use crate::http::request;
use crate::process::{built, cmd, target_dir};
use crate::server::Server;

/// The maximum size of the components together.
const MAX_BYTES: u64 = 6_000_000;
/// The maximum memory of devhost with all components, idle.
const MAX_RSS_KB: u64 = 200_000;
/// The idle time after which devhost ends an instance, with a margin.
const INSTANCES_END: Duration = Duration::from_secs(2);

pub(crate) fn run() -> anyhow::Result<()> {
    check_sizes()?;
    tools()?;
    let (devhost, cache) = (built("devhost"), target_dir().join("devhost-cache"));
    let mut command = cmd!("{devhost} --listen 127.0.0.1:0 --cache-dir {cache}");
    let (server, url) = Server::start(&mut command, "Serving http://", Duration::from_secs(120), |_| {})?;
    // Each request starts an instance. Without configuration its answer is 503.
    for name in NAMES {
        request("GET", &url, &format!("/{name}/health"), "")?;
    }
    std::thread::sleep(INSTANCES_END);
    if !cfg!(target_os = "linux") {
        println!("devhost's memory is measured on Linux only");
        return Ok(());
    }
    let rss = resident_kb(server.id())?;
    println!("devhost, idle with all three: {rss} kB resident, {MAX_RSS_KB} allowed");
    ensure!(rss <= MAX_RSS_KB, "devhost uses too much memory");
    Ok(())
}

fn check_sizes() -> anyhow::Result<()> {
    let mut total = 0;
    for name in NAMES {
        let size = fs::metadata(wasm(name))?.len();
        println!("{name:>10}.wasm {size:>10} bytes");
        total += size;
    }
    println!("{:>15} {total:>10} bytes, {MAX_BYTES} allowed", "together");
    ensure!(total <= MAX_BYTES, "the components are too large");
    Ok(())
}

fn resident_kb(process: u32) -> anyhow::Result<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))
        .context("memory is read from /proc, on Linux")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}
