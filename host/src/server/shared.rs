//! The state that all requests of a server share.

use super::connections::Connections;
use super::errors::Errors;
use crate::app::Inner;
use crate::budget::Budget;
use std::sync::Arc;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;

/// The state. Clones share it.
#[derive(Clone)]
pub struct Shared {
    pub app: Arc<Inner>,
    /// The places of requests that guests work on.
    pub slots: Arc<Semaphore>,
    /// The memory of requests' bodies.
    pub bodies: Arc<Budget>,
    /// The memory of responses' bodies.
    pub responses: Arc<Budget>,
    pub errors: Arc<Errors>,
    pub connections: Arc<Connections>,
    /// The turns of requests that are sure to take long: as many as there are cores.
    pub turns: Arc<Semaphore>,
    /// The turns of requests that came with others.
    pub pipelined: Arc<Semaphore>,
    /// The places in the line for those turns.
    pub line: Arc<Semaphore>,
    /// The threads of guests that work for longer than a moment.
    pub long_guests: Handle,
}

impl Shared {
    /// The number of requests that guests work on.
    pub fn at_work(&self) -> usize {
        let limit = self.app.limits.concurrent_requests.min(Semaphore::MAX_PERMITS);
        limit.saturating_sub(self.slots.available_permits())
    }
}
