//! Forwards what components write, in whole and unchanged lines.
//!
//! A guest's runtime writes a long line in several pieces. Without this the pieces of two instances would interleave.

use std::io::{self, Write};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};

/// A longer line is written without its end, so that a guest cannot exhaust the memory.
const MAX_LINE_BYTES: usize = 1024 * 1024;

#[derive(Debug, Clone, Copy)]
pub(crate) enum Target {
    Stdout,
    Stderr,
}

/// An output of an instance.
#[derive(Debug, Clone)]
pub(crate) struct Lines(Arc<Mutex<Pending>>);

#[derive(Debug)]
struct Pending {
    target: Target,
    bytes: Vec<u8>,
}

impl Lines {
    pub(crate) fn to(target: Target) -> Self {
        Self(Arc::new(Mutex::new(Pending { target, bytes: Vec::new() })))
    }
}

impl IsTerminal for Lines {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Lines {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }
}

impl AsyncWrite for Lines {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let mut pending = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        pending.bytes.extend_from_slice(bytes);
        let lines = take_lines(&mut pending.bytes, MAX_LINE_BYTES);
        Poll::Ready(pending.target.write(&lines).map(|()| bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl Target {
    fn write(self, bytes: &[u8]) -> io::Result<()> {
        match self {
            _ if bytes.is_empty() => Ok(()),
            Self::Stdout => {
                let mut stdout = io::stdout().lock();
                stdout.write_all(bytes)?;
                stdout.flush()
            }
            Self::Stderr => io::stderr().lock().write_all(bytes),
        }
    }
}

/// Writes the last line, which may have no line end.
impl Drop for Pending {
    fn drop(&mut self) {
        if !self.bytes.is_empty() {
            self.bytes.push(b'\n');
            let _ = self.target.write(&self.bytes);
        }
    }
}

/// Removes everything up to the last line end, and returns it.
fn take_lines(bytes: &mut Vec<u8>, max: usize) -> Vec<u8> {
    let end = match bytes.iter().rposition(|byte| *byte == b'\n') {
        Some(last) => last.saturating_add(1),
        None if bytes.len() > max => bytes.len(),
        None => 0,
    };
    bytes.drain(..end).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_lines_are_written() {
        let mut pending = Vec::new();
        for (written, out, kept) in [
            ("{\"a\":", "", "{\"a\":"),
            ("1}\n", "{\"a\":1}\n", ""),
            ("x\ny\nz", "x\ny\n", "z"),
            ("longer than ten", "zlonger than ten", ""),
        ] {
            pending.extend_from_slice(written.as_bytes());
            assert_eq!(take_lines(&mut pending, 10), out.as_bytes(), "{written}");
            assert_eq!(pending, kept.as_bytes(), "{written}");
        }
    }
}
