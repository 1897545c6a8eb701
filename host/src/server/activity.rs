//! The state of a connection.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// A step of a request's way over a connection. Later steps are greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd)]
#[repr(u8)]
pub enum Phase {
    /// The server waits for a request, or for the rest of its line and headers.
    Head,
    /// The server waits for the rest of a request's body.
    Body,
    /// A pipelined request waits for its turn: it came with the request before.
    Pipelined,
    /// A guest works on the response, or the response is on its way.
    Response,
    /// The whole response was handed over. Some of it may still have to be written.
    Written,
}

impl Phase {
    /// Returns true while the server waits for a request, or for the rest of one.
    pub fn awaits_request(self) -> bool {
        matches!(self, Self::Head | Self::Body)
    }
}

/// The state of one connection. Its task changes it, and the acceptor reads it.
pub struct Activity {
    phase: AtomicU8,
    /// The start of the server's wait for its client, in microseconds since [`START`].
    since: AtomicU64,
    /// Set while the client takes no more bytes.
    blocked: AtomicBool,
    /// Set once the first request has begun.
    served: AtomicBool,
    /// Set if bytes have arrived since the last request began.
    arrived: AtomicBool,
    /// Set if the client may still be sending a body that nobody reads.
    unread: AtomicBool,
    /// Set if the connection is to close after its answers.
    closing: AtomicBool,
    /// Set if the connection is to close at once, even during a request.
    cut_off: AtomicBool,
    close: Notify,
}

/// The start of the clock for all times in this file.
static START: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Returns the microseconds since [`START`].
fn now() -> u64 {
    START.elapsed().as_micros() as u64
}

impl Activity {
    /// Creates the state of a connection before its first request.
    pub fn new() -> Self {
        Self {
            phase: AtomicU8::new(Phase::Head as u8),
            since: AtomicU64::new(now()),
            blocked: AtomicBool::new(false),
            served: AtomicBool::new(false),
            arrived: AtomicBool::new(false),
            unread: AtomicBool::new(false),
            closing: AtomicBool::new(false),
            cut_off: AtomicBool::new(false),
            close: Notify::new(),
        }
    }

    /// Returns the phase of the connection's request.
    pub fn phase(&self) -> Phase {
        match self.phase.load(Ordering::Relaxed) {
            0 => Phase::Head,
            1 => Phase::Body,
            2 => Phase::Pipelined,
            3 => Phase::Response,
            _ => Phase::Written,
        }
    }

    /// Starts the wait for the client anew, from now on.
    pub fn wait_anew(&self) {
        self.since.store(now(), Ordering::Relaxed);
    }

    /// Starts the wait for a request, or for more of it. If the client is blocked, the wait goes on
    /// from the time it was blocked.
    pub fn wait_for_request(&self) {
        if !self.is_blocked() {
            self.wait_anew();
        }
    }

    /// Enters a phase. Starts the wait for a request if the phase has one.
    pub fn enter(&self, phase: Phase) {
        if phase.awaits_request() {
            self.wait_for_request();
        }
        self.phase.store(phase as u8, Ordering::Relaxed);
    }

    /// Marks the client as blocked: for now it takes no more of this response or an earlier one.
    pub fn block(&self) {
        if !self.blocked.swap(true, Ordering::Relaxed) {
            self.wait_anew();
        }
    }

    /// Marks the client as not blocked: it has taken all written bytes.
    pub fn unblock(&self) {
        self.blocked.store(false, Ordering::Relaxed);
        self.wait_anew();
    }

    /// Returns true while the client takes no more bytes.
    pub fn is_blocked(&self) -> bool {
        self.blocked.load(Ordering::Relaxed)
    }

    /// Returns true while the server can only wait for its client, to send a request or to take a
    /// response. Also true if the client waits for others, since it sent many requests at once.
    pub fn awaits_client(&self) -> bool {
        self.is_blocked() || self.phase() < Phase::Response
    }

    /// Notes the arrival of bytes.
    pub fn note_arrival(&self) {
        self.arrived.store(true, Ordering::Relaxed);
    }

    /// Notes that a request's line and headers have arrived. Returns true if they came with the
    /// request before.
    pub fn begin(&self) -> bool {
        self.served.store(true, Ordering::Relaxed);
        self.unread.store(false, Ordering::Relaxed);
        self.enter(Phase::Body);
        !self.arrived.swap(false, Ordering::Relaxed)
    }

    /// Returns true once the connection has had a request.
    pub fn has_served(&self) -> bool {
        self.served.load(Ordering::Relaxed)
    }

    /// Returns how long the server has waited for its client: the time since the client last sent
    /// or took [`TURN_BYTES`](super::stream::TURN_BYTES). If fewer bytes counted, a client could
    /// let the server wait for ever.
    pub fn waited(&self) -> Duration {
        Duration::from_micros(now().saturating_sub(self.since.load(Ordering::Relaxed)))
    }

    /// Notes that the request's whole body has arrived.
    pub fn finish_body(&self) {
        self.unread.store(false, Ordering::Relaxed);
        self.enter(Phase::Response);
    }

    /// Marks the body as unread: the answer may come before the end of the body.
    pub fn leave_unread(&self) {
        self.unread.store(true, Ordering::Relaxed);
    }

    /// Returns true if the client may still be sending a body that nobody reads.
    pub fn is_unread(&self) -> bool {
        self.unread.load(Ordering::Relaxed)
    }

    /// Tells the connection to close after it has answered the requests already here.
    pub fn close(&self) {
        self.closing.store(true, Ordering::Relaxed);
        self.close.notify_one();
    }

    /// Tells the connection to close at once, even if the client has not sent its whole request or
    /// taken its whole response.
    pub fn cut_off(&self) {
        self.cut_off.store(true, Ordering::Relaxed);
        self.close();
    }

    /// Returns true if the connection was told to close at once.
    pub fn is_cut_off(&self) -> bool {
        self.cut_off.load(Ordering::Relaxed)
    }

    /// Returns true if the connection was told to close.
    pub fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Relaxed)
    }

    /// Returns true if the connection closes as soon as its task looks at it.
    pub fn is_going(&self) -> bool {
        self.is_cut_off() || (self.is_closing() && self.phase() < Phase::Response)
    }

    /// Waits until the connection is told to close.
    pub async fn told_to_close(&self) {
        self.close.notified().await;
    }

    /// Waits until the connection is told to close at once.
    pub async fn told_to_go(&self) {
        while !self.is_cut_off() {
            self.told_to_close().await;
        }
    }
}
