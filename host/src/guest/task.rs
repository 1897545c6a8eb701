//! Runs a guest on its own task.

use super::Failure;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

type Outcome = Result<(), Failure>;

/// The task of a guest still at work. Dropping it stops the guest, because nobody waits for it any
/// more.
pub struct Task {
    handle: Option<JoinHandle<Outcome>>,
    failed: Failed,
}

/// A flag for a failed guest. It is set before the guest's stream ends, because the end of a stream
/// does not show a failure.
#[derive(Clone, Default)]
pub struct Failed(Arc<AtomicBool>);

impl Failed {
    /// Marks the guest as failed, just before the guest is dropped.
    pub fn set(&self) {
        self.0.store(true, Ordering::Release);
    }
}

impl Task {
    /// Runs `guest` on the threads of `runtime`. `guest` sets `failed` if it fails.
    pub fn spawn(
        runtime: &Handle,
        guest: impl Future<Output = Outcome> + Send + 'static,
        failed: Failed,
    ) -> Self {
        Self { handle: Some(runtime.spawn(guest)), failed }
    }

    /// Returns true if the guest has failed.
    pub fn has_failed(&self) -> bool {
        self.failed.0.load(Ordering::Acquire)
    }

    /// Lets the guest continue its work after the response.
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
        // A panic of the task is a failure of the guest.
        let panicked = |panic: tokio::task::JoinError| Err(Failure::Trapped(panic.to_string()));
        Pin::new(handle).poll(context).map(|outcome| outcome.unwrap_or_else(panicked))
    }
}
