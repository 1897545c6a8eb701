//! The state shared by all requests of a server.

use super::connections::Connections;
use super::errors::Errors;
use crate::app::Inner;
use crate::budget::Budget;
use std::sync::Arc;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;

/// The shared state. Clones refer to the same state.
#[derive(Clone)]
pub struct Shared {
    /// The application.
    pub app: Arc<Inner>,
    /// The places of requests at work in guests, one permit each.
    pub slots: Arc<Semaphore>,
    /// The memory of requests' bodies, in bytes.
    pub bodies: Arc<Budget>,
    /// The memory of responses' bodies, in bytes.
    pub responses: Arc<Budget>,
    /// The counters and log of the host's own errors.
    pub errors: Arc<Errors>,
    /// The open connections.
    pub connections: Arc<Connections>,
    /// The turns of long requests: as many as there are cores.
    pub turns: Arc<Semaphore>,
    /// The turns of pipelined requests: as many as there are cores.
    pub pipelined: Arc<Semaphore>,
    /// The places in the queue for `turns`: as many as in `slots`.
    pub line: Arc<Semaphore>,
    /// The runtime of long guests: they work for longer than a moment.
    pub long_guests: Handle,
}

impl Shared {
    /// Returns the number of requests at work in guests.
    pub fn at_work(&self) -> usize {
        let limit = self.app.limits.concurrent_requests.min(Semaphore::MAX_PERMITS);
        limit.saturating_sub(self.slots.available_permits())
    }
}
