//! The body of a response.

use super::task::Task;
use crate::budget::Room;
use bytes::Bytes;
use http::HeaderMap;
use hyper::body::{Body, Frame, SizeHint};
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};
use wasmtime_wasi_http::Error;
use wasmtime_wasi_http::p2::body::HyperOutgoingBody;

/// A response's body: the bytes already there, and the guest's stream if more may come.
///
/// A complete body has a known length, so it is sent with its headers in one write. If a body is
/// dropped before its end, the client is gone, and the guest is stopped.
#[derive(Default)]
pub struct ResponseBody {
    data: Bytes,
    trailers: Option<HeaderMap>,
    rest: Option<HyperOutgoingBody>,
    /// The bytes still to come from `rest`, if the response's headers give the length.
    remaining: Option<u64>,
    guest: Option<Task>,
}

impl From<Bytes> for ResponseBody {
    fn from(data: Bytes) -> Self {
        Self { data, ..Self::default() }
    }
}

impl ResponseBody {
    /// Takes the bytes already written to `body`, without waiting. `length` is the body's length in
    /// bytes, if known. `guest` is the task of a guest that is still at work.
    ///
    /// # Errors
    ///
    /// If the guest has dropped its body before the end, or has written more or less than `length`.
    pub fn collect_ready(
        mut body: HyperOutgoingBody,
        length: Option<u64>,
        guest: Option<Task>,
    ) -> Result<Self, Error> {
        let mut collected = Self { guest, remaining: length, ..Self::default() };
        let mut context = Context::from_waker(Waker::noop());
        loop {
            // Take the next frame if it is ready.
            match Pin::new(&mut body).poll_frame(&mut context)? {
                Poll::Ready(Some(frame)) => collected.push(frame),
                Poll::Ready(None) if collected.was_cut_short() => {
                    return Err(Error::HttpProtocolError);
                }
                Poll::Ready(None) => {
                    collected.end();
                    return Ok(collected);
                }
                Poll::Pending => {
                    collected.rest = Some(body);
                    return Ok(collected);
                }
            }
        }
    }

    /// Returns the number of bytes already there.
    pub fn ready_bytes(&self) -> usize {
        self.data.len()
    }

    /// Keeps `room` until these bytes are written.
    pub fn hold(self, room: Room) -> Self {
        Self { data: room.hold(self.data), ..self }
    }

    /// Counts the bytes sent. hyper does not ask for the end of a body with a known length.
    fn count(&mut self, frame: &Frame<Bytes>) {
        let (Some(remaining), Some(data)) = (self.remaining, frame.data_ref()) else {
            return;
        };
        let remaining = remaining.saturating_sub(data.len() as u64);
        self.remaining = Some(remaining);
        if remaining == 0 {
            self.end();
        }
    }

    /// Marks the body as complete. The guest may still be at work.
    fn end(&mut self) {
        if let Some(guest) = self.guest.take() {
            guest.detach();
        }
    }

    /// Returns true if the guest has failed. Its stream then ends like a complete one, but the
    /// client must not take the body for complete.
    fn was_cut_short(&self) -> bool {
        self.guest.as_ref().is_some_and(Task::has_failed)
    }

    fn push(&mut self, frame: Frame<Bytes>) {
        self.count(&frame);
        match frame.into_data() {
            Ok(data) if self.data.is_empty() => self.data = data,
            Ok(data) => self.data = [&self.data[..], &data[..]].concat().into(),
            Err(frame) => self.trailers = frame.into_trailers().ok(),
        }
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        if !self.data.is_empty() {
            return Poll::Ready(Some(Ok(Frame::data(std::mem::take(&mut self.data)))));
        }
        if let Some(trailers) = self.trailers.take() {
            return Poll::Ready(Some(Ok(Frame::trailers(trailers))));
        }
        let Some(rest) = &mut self.rest else {
            return Poll::Ready(None);
        };
        match ready!(Pin::new(rest).poll_frame(context)) {
            None if self.was_cut_short() => Poll::Ready(Some(Err(Error::HttpProtocolError))),
            None => {
                self.end();
                Poll::Ready(None)
            }
            frame => {
                if let Some(Ok(frame)) = &frame {
                    self.count(frame);
                }
                Poll::Ready(frame)
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.data.is_empty() && self.trailers.is_none() && self.rest.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        match self.rest {
            None if self.trailers.is_none() => SizeHint::with_exact(self.data.len() as u64),
            _ => SizeHint::default(),
        }
    }
}
