//! Durations, by the host's monotonic clock.

use std::time::Duration;
use wasi::clocks::monotonic_clock;

/// A measurement of time.
pub struct Stopwatch {
    /// Start time, in nanoseconds.
    started: u64,
}

impl Stopwatch {
    /// Begins to measure.
    pub fn start() -> Self {
        Self { started: monotonic_clock::now() }
    }

    /// Returns the time since the start.
    pub fn elapsed(&self) -> Duration {
        Duration::from_nanos(monotonic_clock::now().saturating_sub(self.started))
    }
}
