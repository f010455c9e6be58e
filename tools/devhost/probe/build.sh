#!/bin/sh
# Builds the probe and prints the path of the component. CARGO, RUSTC, RUSTFLAGS and CARGO_BUILD_FLAGS are honoured, for
# machines where the wasm32-wasip2 target does not come from rustup.
set -eu
cd "$(dirname "$0")"
: "${CARGO_TARGET_DIR:=$PWD/../../../target/probe}"
export CARGO_TARGET_DIR
# shellcheck disable=SC2086
"${CARGO:-cargo}" build ${CARGO_BUILD_FLAGS:-} --release --target wasm32-wasip2 >&2
echo "$CARGO_TARGET_DIR/wasm32-wasip2/release/probe.wasm"
