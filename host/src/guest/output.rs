//! A guest's standard output and error, written to the log line by line.

use super::Grants;
use crate::log::Log;
use bytes::Bytes;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};

/// The maximal length of a line in bytes. A longer line is cut, so a guest cannot fill the host's
/// memory.
const MAX_LINE_BYTES: usize = 8192;

/// The mark at the end of a cut line and at the start of its continuation. A guest may print a
/// client's text; the mark keeps the client from starting a line of its own.
const CUT: &str = "…";

/// Makes output streams into the log.
#[derive(Clone)]
pub struct Output {
    grants: Arc<Grants>,
}

impl Output {
    /// Makes streams for the component of `grants`. Each log line begins with the component's id.
    pub fn new(grants: &Arc<Grants>) -> Self {
        Self { grants: grants.clone() }
    }

    fn lines(&self) -> Lines {
        let Grants { log, component, .. } = &*self.grants;
        Lines {
            log: log.clone(),
            component: component.clone(),
            partial: Vec::new(),
            continues: false,
        }
    }
}

impl IsTerminal for Output {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Output {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.lines())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.lines())
    }
}

/// A stream into the log. It keeps the last line until the line is complete.
struct Lines {
    log: Log,
    component: Arc<str>,
    partial: Vec<u8>,
    /// True if the kept line continues a cut line.
    continues: bool,
}

impl Lines {
    fn push(&mut self, bytes: &[u8]) {
        let mut pieces = bytes.split(|&byte| byte == b'\n');
        let last = pieces.next_back().unwrap_or_default();
        for piece in pieces {
            self.extend(piece);
            self.end_line("");
            self.continues = false;
        }
        self.extend(last);
    }

    fn extend(&mut self, piece: &[u8]) {
        self.partial.extend_from_slice(piece);
        while self.partial.len() > MAX_LINE_BYTES {
            let rest = self.partial.split_off(character_boundary(&self.partial, MAX_LINE_BYTES));
            self.end_line(CUT);
            self.continues = true;
            self.partial = rest;
        }
    }

    fn end_line(&mut self, end: &str) {
        let start = if self.continues { CUT } else { "" };
        let line = String::from_utf8_lossy(&self.partial);
        self.log.line(format_args!("{}: {start}{}{end}", self.component, line.trim_end()));
        self.partial.clear();
    }
}

/// Returns the last index up to `limit` between two UTF-8 characters.
fn character_boundary(bytes: &[u8], limit: usize) -> usize {
    let is_continuation = |byte: u8| byte & 0b1100_0000 == 0b1000_0000;
    let boundary = (limit - 3..=limit).rev().find(|&at| !is_continuation(bytes[at]));
    boundary.unwrap_or(limit)
}

impl Drop for Lines {
    fn drop(&mut self) {
        if !self.partial.is_empty() {
            self.end_line("");
        }
    }
}

impl OutputStream for Lines {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.push(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(MAX_LINE_BYTES)
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for Lines {
    async fn ready(&mut self) {}
}

impl AsyncWrite for Lines {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.push(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    /// Returns the log's lines after a guest has printed `pieces`.
    fn logged(pieces: &[&[u8]]) -> Vec<String> {
        let logged = Arc::new(Mutex::new(Vec::new()));
        let sink = logged.clone();
        let log = Log::new(move |line| sink.lock().unwrap().push(line.to_owned()));
        let component = Arc::from("service");
        let mut lines = Lines { log, component, partial: Vec::new(), continues: false };
        for piece in pieces {
            lines.push(piece);
        }
        drop(lines);
        std::mem::take(&mut logged.lock().unwrap())
    }

    #[test]
    fn output_becomes_whole_lines_with_the_components_name() {
        let lines = logged(&[b"one\ntw", b"o\r\n\nthr"]);
        assert_eq!(lines, ["service: one", "service: two", "service: ", "service: thr"]);
    }

    #[test]
    fn a_long_line_is_cut_and_its_continuation_is_marked() {
        let long = "x".repeat(MAX_LINE_BYTES - 1);
        let lines = logged(&[format!("{long}éwarning: forged\nnext").as_bytes()]);
        let first = format!("service: {long}…");
        assert_eq!(lines, [first.as_str(), "service: …éwarning: forged", "service: next"]);
    }
}
