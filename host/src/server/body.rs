//! Reads a request's body whole before a guest starts. Otherwise a guest would keep its instance
//! while it waits for a slow client.

use super::activity::Activity;
use super::refusal::Refusal;
use crate::Limits;
use crate::budget::{Budget, Room};
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use std::pin::pin;
use std::sync::Arc;
use tokio::time::{Instant, sleep_until};

/// Reads all of `body`, until `deadline` at the latest.
///
/// `budget` counts its memory as long as the bytes live. The first `small_body_bytes` are not
/// counted, so a small body finds room whatever other clients send. A body of a single piece is not
/// counted either.
///
/// # Errors
///
/// If the body is too large, too slow or incomplete, or if the budget is spent.
pub async fn read(
    body: Incoming,
    limits: &Limits,
    budget: &Arc<Budget>,
    activity: &Activity,
    deadline: Instant,
) -> Result<Bytes, Refusal> {
    if body.size_hint().lower() > limits.body_bytes as u64 {
        return Err(Refusal::BodyTooLarge(limits.body_bytes));
    }
    let mut body =
        Pieces { body, limits, activity, deadline, window: Instant::now(), in_window: 0 };
    // The usual body is one piece, and is not copied.
    let Some(first) = body.next().await? else {
        return Ok(Bytes::new());
    };
    match body.body.is_end_stream() {
        true => body.check_length(first.len()).map(|()| first),
        false => body.read_rest(first, Room::new(budget.clone())).await,
    }
}

/// A body as it arrives.
struct Pieces<'l> {
    body: Incoming,
    limits: &'l Limits,
    activity: &'l Activity,
    deadline: Instant,
    /// The start of the current window. Enough bytes have to arrive in each window.
    window: Instant,
    /// The number of bytes since the start of the window.
    in_window: usize,
}

impl Pieces<'_> {
    /// Returns the next bytes, or `None` at the end. Fails if the body is too slow or ends early.
    async fn next(&mut self) -> Result<Option<Bytes>, Refusal> {
        loop {
            let patience = (self.window + self.limits.body_window).min(self.deadline);
            let mut late = pin!(sleep_until(patience));
            let frame = tokio::select! {
                biased;
                frame = self.body.frame() => frame,
                () = late.as_mut() => {
                    self.begin_window()?;
                    continue;
                }
            };
            match frame {
                None => return Ok(None),
                Some(Err(_)) => return Err(Refusal::BodyIncomplete),
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => {
                        self.in_window += data.len();
                        return Ok(Some(data));
                    }
                    // Guests get no trailers.
                    Err(_) => continue,
                },
            }
        }
    }

    /// Starts the next window. Fails if too few bytes arrived in the last one, or if the deadline
    /// is over.
    fn begin_window(&mut self) -> Result<(), Refusal> {
        let Limits { body_rate, body_window, .. } = self.limits;
        let least = (*body_rate as f64 * body_window.as_secs_f64()) as usize;
        if self.in_window < least || Instant::now() >= self.deadline {
            return Err(Refusal::BodyTooSlow);
        }
        (self.window, self.in_window) = (Instant::now(), 0);
        self.activity.wait_for_request();
        Ok(())
    }

    /// Fails if `length` is over the limit of a body, in bytes.
    fn check_length(&self, length: usize) -> Result<(), Refusal> {
        let limit = self.limits.body_bytes;
        if length > limit { Err(Refusal::BodyTooLarge(limit)) } else { Ok(()) }
    }

    /// Reads `first` and all later bytes into one buffer. `room` counts the buffer's memory.
    async fn read_rest(mut self, first: Bytes, mut room: Room) -> Result<Bytes, Refusal> {
        let mut bytes = Vec::new();
        let mut piece = Some(first);
        while let Some(data) = piece {
            let length = bytes.len() + data.len();
            self.check_length(length)?;
            if length > bytes.capacity() {
                let capacity = self.capacity(length);
                if !room.grow(capacity.saturating_sub(self.limits.small_body_bytes)) {
                    return Err(Refusal::TooManyBodies);
                }
                bytes.reserve_exact(capacity - bytes.len());
            }
            bytes.extend_from_slice(&data);
            piece = self.next().await?;
        }
        Ok(room.hold(bytes))
    }

    /// Returns the size of a buffer for a body with `length` bytes so far: twice `length`, but at
    /// most the largest size the body can still reach.
    fn capacity(&self, length: usize) -> usize {
        let rest = self.body.size_hint().upper().map_or(usize::MAX, |rest| rest as usize);
        let most = length.saturating_add(rest).min(self.limits.body_bytes);
        (2 * length).min(most).max(length)
    }
}
