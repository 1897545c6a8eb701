//! A guest's standard output and error, line by line in the log.

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

/// A line that grows longer than this is cut, so that a guest cannot fill the host's memory.
const MAX_LINE_BYTES: usize = 8192;

/// Makes streams into the log.
#[derive(Clone)]
pub struct Output {
    grants: Arc<Grants>,
}

impl Output {
    pub fn new(grants: &Arc<Grants>) -> Self {
        Self { grants: grants.clone() }
    }

    fn lines(&self) -> Lines {
        let Grants { log, component, .. } = &*self.grants;
        Lines { log: log.clone(), component: component.clone(), partial: Vec::new() }
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

/// Text on its way to the log, with the last line kept until it is complete.
struct Lines {
    log: Log,
    component: Arc<str>,
    partial: Vec<u8>,
}

impl Lines {
    fn push(&mut self, bytes: &[u8]) {
        let mut pieces = bytes.split(|&byte| byte == b'\n');
        let last = pieces.next_back().unwrap_or_default();
        for piece in pieces {
            self.partial.extend_from_slice(piece);
            self.end_line();
        }
        self.partial.extend_from_slice(last);
        if self.partial.len() > MAX_LINE_BYTES {
            self.end_line();
        }
    }

    fn end_line(&mut self) {
        let line = String::from_utf8_lossy(&self.partial);
        self.log.line(format_args!("{}: {}", self.component, line.trim_end()));
        self.partial.clear();
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        if !self.partial.is_empty() {
            self.end_line();
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

    #[test]
    fn output_becomes_whole_lines_with_the_components_name() {
        let logged = Arc::new(Mutex::new(Vec::new()));
        let sink = logged.clone();
        let log = Log::new(move |line| sink.lock().unwrap().push(line.to_owned()));
        let mut lines = Lines { log, component: Arc::from("service"), partial: Vec::new() };
        lines.push(b"one\ntw");
        lines.push(b"o\r\n\nthr");
        drop(lines);
        assert_eq!(
            *logged.lock().unwrap(),
            ["service: one", "service: two", "service: ", "service: thr"]
        );
    }
}
