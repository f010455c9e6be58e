//! Runs spin.toml on Wasmtime, for machines without spin: a development tool
