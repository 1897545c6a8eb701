//! A guest on a task of its own.

use super::Failure;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

type Outcome = Result<(), Failure>;

/// The task of a guest that is still at work. If this is dropped, nobody waits for the guest any
/// more, and it is stopped.
pub struct Task {
    handle: Option<JoinHandle<Outcome>>,
    failed: Failed,
}

/// Tells that a guest has failed. It is set before the guest's stream ends, which looks the same
/// whether the response is complete or not.
#[derive(Clone, Default)]
pub struct Failed(Arc<AtomicBool>);

impl Failed {
    /// The guest has failed, and is about to be dropped.
    pub fn set(&self) {
        self.0.store(true, Ordering::Release);
    }
}

impl Task {
    /// Runs `guest`, which sets `failed`, on the threads of `runtime`.
    pub fn spawn(
        runtime: &Handle,
        guest: impl Future<Output = Outcome> + Send + 'static,
        failed: Failed,
    ) -> Self {
        Self { handle: Some(runtime.spawn(guest)), failed }
    }

    /// Is true if the guest has failed.
    pub fn has_failed(&self) -> bool {
        self.failed.0.load(Ordering::Acquire)
    }

    /// Lets the guest finish what it does after its response.
    pub fn detach(mut self) {
        self.handle.take();
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        if let Some(handle) = &self.handle {
            handle.abort();
        }
    }
}

impl Future for Task {
    type Output = Outcome;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Outcome> {
        let Some(handle) = &mut self.handle else {
            return Poll::Ready(Ok(()));
        };
        // A task that panicked is a guest that failed.
        let panicked = |panic: tokio::task::JoinError| Err(Failure::Trapped(panic.to_string()));
        Pin::new(handle).poll(context).map(|outcome| outcome.unwrap_or_else(panicked))
    }
}
