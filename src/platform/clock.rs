//! Durations, by the host's monotonic clock.

use std::time::Duration;
use wasi::clocks::monotonic_clock;

pub struct Stopwatch {
    /// In nanoseconds.
    started: u64,
}

impl Stopwatch {
    pub fn start() -> Self {
        Self { started: monotonic_clock::now() }
    }

    pub fn elapsed(&self) -> Duration {
        Duration::from_nanos(monotonic_clock::now().saturating_sub(self.started))
    }
}
