//! The capabilities on Spin, and how an instance serves requests.
//!
//! With `entry.rs` of each component, this is the only code that names `spin_sdk`. An instance serves up to 128 requests, up
//! to 16 of them concurrently on one thread. They share everything here that lives longer than a request, so it is either
//! immutable or safe to interleave at every `await`.
#![warn(missing_docs)]

#[cfg(any(target_arch = "wasm32", test))]
mod peer;

#[cfg(target_arch = "wasm32")]
mod deadline;
#[cfg(target_arch = "wasm32")]
mod host;
#[cfg(target_arch = "wasm32")]
mod http;
#[cfg(target_arch = "wasm32")]
mod pg;
#[cfg(target_arch = "wasm32")]
mod serve;

#[cfg(target_arch = "wasm32")]
pub use crate::{
    host::SpinHost,
    pg::Pool,
    serve::{Instance, serve},
};
