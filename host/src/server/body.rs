//! A request's body, read whole before a guest is started: one that waits for a slow client
//! would hold an instance for as long.

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Counts the bytes of all bodies that are held at the same time.
pub struct Held {
    bytes: AtomicUsize,
    limit: usize,
}

/// A body, which counts as held for as long as this lives.
pub struct HeldBody<'a> {
    held: &'a Held,
    counted: usize,
    /// Its bytes.
    pub bytes: Bytes,
}

/// Why a body is not read.
#[derive(Debug, PartialEq)]
pub enum Refused {
    /// It is longer than it may be.
    TooLarge,
    /// The host holds as many bytes of bodies as it may.
    Busy,
    /// The client broke off, or did not keep to the protocol.
    Incomplete,
}

impl Held {
    /// Bodies of up to `limit` bytes together.
    pub fn new(limit: usize) -> Self {
        Self { bytes: AtomicUsize::new(0), limit }
    }

    /// Reads `body`, of up to `limit` bytes.
    pub async fn read(&self, mut body: Incoming, limit: usize) -> Result<HeldBody<'_>, Refused> {
        let mut held = HeldBody { held: self, counted: 0, bytes: Bytes::new() };
        let promised = body.size_hint().lower();
        if promised > limit as u64 {
            return Err(Refused::TooLarge);
        }
        let mut rest = BytesMut::new();
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame.map_err(|_| Refused::Incomplete)?.into_data() else {
                continue;
            };
            held.count(data.len(), limit)?;
            match held.bytes.is_empty() && rest.is_empty() {
                true => held.bytes = data,
                false => {
                    rest.extend_from_slice(&std::mem::take(&mut held.bytes));
                    rest.extend_from_slice(&data);
                }
            }
        }
        if !rest.is_empty() {
            held.bytes = rest.freeze();
        }
        Ok(held)
    }
}

impl HeldBody<'_> {
    fn count(&mut self, more: usize, limit: usize) -> Result<(), Refused> {
        if self.counted + more > limit {
            return Err(Refused::TooLarge);
        }
        let before = self.held.bytes.fetch_add(more, Ordering::Relaxed);
        self.counted += more;
        if before + more > self.held.limit { Err(Refused::Busy) } else { Ok(()) }
    }
}

impl Drop for HeldBody<'_> {
    fn drop(&mut self) {
        self.held.bytes.fetch_sub(self.counted, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_count_until_they_are_dropped() {
        let held = Held::new(100);
        let body = || HeldBody { held: &held, counted: 0, bytes: Bytes::new() };
        let mut first = body();
        assert_eq!(first.count(60, 80), Ok(()));
        assert_eq!(first.count(30, 80), Err(Refused::TooLarge));
        let mut second = body();
        assert_eq!(second.count(60, 80), Err(Refused::Busy));
        drop(first);
        drop(second);
        assert_eq!(body().count(80, 80), Ok(()));
        assert_eq!(held.bytes.load(Ordering::Relaxed), 0);
    }
}
