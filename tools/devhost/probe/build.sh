#!/bin/sh
# Builds the probe and prints the path of the component. Reads CARGO, RUSTC, RUSTFLAGS and CARGO_BUILD_FLAGS, for machines
# whose wasm32-wasip2 target is not from rustup.
set -eu
cd "$(dirname "$0")"
: "${CARGO_TARGET_DIR:=$PWD/../../../target/probe}"
export CARGO_TARGET_DIR
# shellcheck disable=SC2086
"${CARGO:-cargo}" build ${CARGO_BUILD_FLAGS:-} --release --target wasm32-wasip2 >&2
echo "$CARGO_TARGET_DIR/wasm32-wasip2/release/probe.wasm"
