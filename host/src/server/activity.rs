//! The state of a connection.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// A step of a request's way over a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd)]
#[repr(u8)]
pub enum Phase {
    /// The server waits for a request, or for the rest of its line and headers.
    Head,
    /// The server waits for the rest of a request's body.
    Body,
    /// A request that came with the one before waits for its turn.
    Pipelined,
    /// A guest works on the response, or it is on its way.
    Response,
    /// The whole response was handed over, and some of it may still have to be written.
    Written,
}

impl Phase {
    /// Is true while the server waits for a request, or for the rest of one.
    pub fn awaits_request(self) -> bool {
        matches!(self, Self::Head | Self::Body)
    }
}

/// The state of one connection, which its task changes and the acceptor looks at.
pub struct Activity {
    phase: AtomicU8,
    /// The time at which the server began to wait for its client, in microseconds since [`START`].
    since: AtomicU64,
    /// Set while the client takes no more of what is written to it.
    blocked: AtomicBool,
    served: AtomicBool,
    /// Set if bytes have arrived since the last request began.
    arrived: AtomicBool,
    /// Set if the client may still be sending a body that nobody reads.
    unread: AtomicBool,
    closing: AtomicBool,
    /// Set if the connection is to close whatever is under way.
    cut_off: AtomicBool,
    close: Notify,
}

/// An instant from which all others are counted.
static START: LazyLock<Instant> = LazyLock::new(Instant::now);

fn now() -> u64 {
    START.elapsed().as_micros() as u64
}

impl Activity {
    /// A connection that waits for its first request.
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

    /// The server waits for its client from now on.
    pub fn wait_anew(&self) {
        self.since.store(now(), Ordering::Relaxed);
    }

    /// The server waits for a request, or more of it, from now on. If the client takes no response, it
    /// is waited for since then all the same.
    pub fn wait_for_request(&self) {
        if !self.is_blocked() {
            self.wait_anew();
        }
    }

    /// Takes the next step. Whether the server waits for its client from now on follows from it.
    pub fn enter(&self, phase: Phase) {
        if phase.awaits_request() {
            self.wait_for_request();
        }
        self.phase.store(phase as u8, Ordering::Relaxed);
    }

    /// The client takes no more for now, of the response or of those before it.
    pub fn block(&self) {
        if !self.blocked.swap(true, Ordering::Relaxed) {
            self.wait_anew();
        }
    }

    /// The client has taken all that was written.
    pub fn unblock(&self) {
        self.blocked.store(false, Ordering::Relaxed);
        self.wait_anew();
    }

    /// Is true while the client takes no more of what is written to it.
    pub fn is_blocked(&self) -> bool {
        self.blocked.load(Ordering::Relaxed)
    }

    /// Is true while the server can only wait for its client, to send a request or to take a response, or
    /// the client for others, since it sent many requests at once.
    pub fn awaits_client(&self) -> bool {
        self.is_blocked() || self.phase() < Phase::Response
    }

    /// Bytes have arrived.
    pub fn note_arrival(&self) {
        self.arrived.store(true, Ordering::Relaxed);
    }

    /// A request's line and headers are there. Returns true if they came with the request before.
    pub fn begin(&self) -> bool {
        self.served.store(true, Ordering::Relaxed);
        self.unread.store(false, Ordering::Relaxed);
        self.enter(Phase::Body);
        !self.arrived.swap(false, Ordering::Relaxed)
    }

    /// Is true if a request came before.
    pub fn has_served(&self) -> bool {
        self.served.load(Ordering::Relaxed)
    }

    /// The time for which the server has been waiting for its client, since the client last sent or took
    /// a [turn's bytes](super::stream::TURN_BYTES). Any fewer would let it wait for ever.
    pub fn waited(&self) -> Duration {
        Duration::from_micros(now().saturating_sub(self.since.load(Ordering::Relaxed)))
    }

    /// The request's whole body is there.
    pub fn finish_body(&self) {
        self.unread.store(false, Ordering::Relaxed);
        self.enter(Phase::Response);
    }

    /// The request may be answered although its body was not read to the end.
    pub fn leave_unread(&self) {
        self.unread.store(true, Ordering::Relaxed);
    }

    /// Is true if the client may still be sending what nobody reads.
    pub fn is_unread(&self) -> bool {
        self.unread.load(Ordering::Relaxed)
    }

    /// Tells the connection to close as soon as what has arrived is answered.
    pub fn close(&self) {
        self.closing.store(true, Ordering::Relaxed);
        self.close.notify_one();
    }

    /// Tells the connection to close at once, although the client has not sent its whole request or
    /// taken its whole response.
    pub fn cut_off(&self) {
        self.cut_off.store(true, Ordering::Relaxed);
        self.close();
    }

    /// Is true if the connection was told to close at once.
    pub fn is_cut_off(&self) -> bool {
        self.cut_off.load(Ordering::Relaxed)
    }

    /// Is true if the connection was told to close.
    pub fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Relaxed)
    }

    /// Is true if the connection goes as soon as its task looks at it.
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
