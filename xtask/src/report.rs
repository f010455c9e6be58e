//! `build --report`: how large the components are, and how much memory an idle shop takes.

use std::fs;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, ensure};

use crate::components::{NAMES, build_tools, wasm};
use crate::http::request;
use crate::process::{built, root, target_dir};
use crate::server::Server;

/// The three components together, in bytes.
const MAX_BYTES: u64 = 6_000_000;
/// devhost with all three, idle, in kilobytes.
const MAX_RSS_KB: u64 = 200_000;

pub(crate) fn run() -> anyhow::Result<()> {
    let mut total = 0;
    for name in NAMES {
        let size = fs::metadata(wasm(name))?.len();
        println!("{name:>10}.wasm {size:>10} bytes");
        total += size;
    }
    println!("{:>15} {total:>10} bytes, {MAX_BYTES} allowed", "together");
    ensure!(total <= MAX_BYTES, "the components are too large");

    build_tools()?;
    let mut devhost = Command::new(built("devhost"));
    devhost
        .current_dir(root())
        .args(["--listen", "127.0.0.1:0"])
        .arg("--cache-dir")
        .arg(target_dir().join("devhost-cache"));
    let (server, url) = Server::start(&mut devhost, "Serving http://", Duration::from_secs(120), |_| {})?;
    // Unconfigured, each of them answers 503: that is an instance all the same.
    for name in NAMES {
        request("GET", &url, &format!("/{name}/health"), "")?;
    }
    // Until the idle instances are gone.
    std::thread::sleep(Duration::from_secs(2));
    if !cfg!(target_os = "linux") {
        println!("devhost's memory is measured on Linux only");
        return Ok(());
    }
    let rss = resident_kb(server.id())?;
    println!("devhost, idle with all three: {rss} kB resident, {MAX_RSS_KB} allowed");
    ensure!(rss <= MAX_RSS_KB, "devhost takes too much memory");
    Ok(())
}

fn resident_kb(process: u32) -> anyhow::Result<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))
        .context("memory is read from /proc, on Linux")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}
