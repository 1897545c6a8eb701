//! In the place of the host: requests, counters and a log in memory. Time stands still.

pub mod http;
pub mod log;
#[path = "../../../../src/platform/settings.rs"]
pub mod settings;
pub mod store;

pub mod clock {
    use std::time::Duration;

    pub struct Stopwatch;

    impl Stopwatch {
        pub fn start() -> Self {
            Self
        }

        pub fn elapsed(&self) -> Duration {
            Duration::from_micros(7)
        }
    }
}

pub mod random {
    pub fn number() -> u64 {
        7
    }
}
