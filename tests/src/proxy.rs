//! A way to a server that can be closed.

use std::sync::Arc;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What becomes of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Open,
    Closed,
    Silent,
}

/// Passes connections on to a server, while it is open.
#[derive(Debug, Clone)]
pub struct Proxy {
    /// Where it listens.
    pub port: u16,
    mode: Arc<watch::Sender<Mode>>,
}

impl Proxy {
    /// A way to a port of this machine.
    pub async fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let own_port = listener.local_addr().unwrap().port();
        let (mode, state) = watch::channel(Mode::Open);
        tokio::spawn(async move {
            loop {
                let (mut client, _) = listener.accept().await.unwrap();
                let mut state = state.clone();
                tokio::spawn(async move {
                    let mode = *state.borrow_and_update();
                    match mode {
                        Mode::Open => {}
                        Mode::Closed => return,
                        Mode::Silent => return drop(state.changed().await),
                    }
                    let mut server = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
                    tokio::select! {
                        _ = copy_bidirectional(&mut client, &mut server) => {}
                        _ = state.changed() => {}
                    }
                });
            }
        });
        Self { port: own_port, mode: Arc::new(mode) }
    }

    /// Cuts every connection and lets no new one through.
    pub fn close(&self) {
        self.mode.send_replace(Mode::Closed);
    }

    /// Cuts every connection, and takes new ones without ever saying a word.
    pub fn fall_silent(&self) {
        self.mode.send_replace(Mode::Silent);
    }

    /// Lets connections through again.
    pub fn open(&self) {
        self.mode.send_replace(Mode::Open);
    }
}
