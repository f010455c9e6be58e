//! The two emulators, started for a test and stopped after it.

use std::net::TcpListener as StdListener;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use firestore_emulator::{Emulator, Store, serve};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::net::TcpListener;

/// The path in Debian's package.
const GOOGLE: &str = "/usr/lib/google-cloud-sdk/platform/cloud-firestore-emulator/cloud_firestore_emulator";

/// Starts the embedded emulator in this process, and returns its address.
pub(crate) async fn embedded() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(serve(listener, Arc::new(Emulator::of(Store::default(), None))));
    format!("http://{address}")
}

/// Google's emulator, which is killed when the value is dropped.
pub(crate) struct Google {
    child: Child,
    pub(crate) url: String,
}

impl Google {
    /// Starts the emulator if it is installed. With `CARTWHEEL_FIRESTORE=both` a missing emulator is a failure.
    pub(crate) async fn start() -> Option<Self> {
        let wanted = std::env::var("CARTWHEEL_FIRESTORE").unwrap_or_default();
        if wanted == "embedded" || !Path::new(GOOGLE).exists() {
            assert_ne!(wanted, "both", "Google's emulator is not at {GOOGLE}");
            println!(
                "Google's Firestore emulator is not installed: the contract is checked on the embedded one only"
            );
            return None;
        }
        let port = StdListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let child = Command::new(GOOGLE)
            .args(["start", "--host=127.0.0.1", &format!("--port={port}")])
            .process_group(0)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let google = Self { child, url: format!("http://127.0.0.1:{port}") };
        for _ in 0..600 {
            if tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
                return Some(google);
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("Google's emulator did not start within a minute");
    }
}

impl Drop for Google {
    fn drop(&mut self) {
        let _ = killpg(Pid::from_raw(self.child.id().try_into().unwrap()), Signal::SIGKILL);
        let _ = self.child.wait();
    }
}
