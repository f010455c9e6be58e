//! Verifies deliveries with the library of the Standard Webhooks specification, the npm package `standardwebhooks`.

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::json;

use crate::environment;
use crate::mailbox::Posted;

/// Reads `{secret, payload, headers}` and fails if the library rejects the delivery.
const SCRIPT: &str = "
    const { Webhook } = require('standardwebhooks');
    const { secret, payload, headers } = JSON.parse(require('fs').readFileSync(0, 'utf8'));
    new Webhook(secret).verify(payload, headers);";

/// Verifies a delivery as a receiver with this secret would.
///
/// # Errors
/// Returns what the library says if it rejects the delivery.
pub fn verify(secret: &str, posted: &Posted) -> Result<(), String> {
    let header = |name: &str| posted.headers[name].to_str().unwrap();
    let input = json!({
        "secret": secret,
        "payload": std::str::from_utf8(&posted.body).unwrap(),
        "headers": {
            "webhook-id": header("webhook-id"),
            "webhook-timestamp": header("webhook-timestamp"),
            "webhook-signature": header("webhook-signature"),
        },
    });
    let mut node = Command::new("node")
        .args(["--input-type=commonjs", "--eval", SCRIPT])
        .env("NODE_PATH", environment("CARTWHEEL_NODE_MODULES"))
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    node.stdin.take().unwrap().write_all(input.to_string().as_bytes()).unwrap();
    let output = node.wait_with_output().unwrap();
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}
