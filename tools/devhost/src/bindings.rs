//! The host's side of Spin's two interfaces, generated from `wit/`.
#![allow(clippy::all, missing_debug_implementations, unreachable_pub, reason = "generated code")]

wasmtime::component::bindgen!({
    world: "platform",
    path: "wit",
    imports: { default: async | trappable },
    with: {
        "spin:postgres/postgres.connection": crate::pg::Connection,
        "spin:postgres/postgres.connection-builder": crate::pg::Builder,
    },
});
