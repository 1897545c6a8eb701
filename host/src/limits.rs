//! The limits of one client, one request and one guest.

use anyhow::{Context, Result, ensure};
use std::time::Duration;

/// The number of cores that this process may use.
pub(crate) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// The limits of a server. [`Limits::default`] has the defaults, [`Limits::from_env`] reads
/// the variables named in [`SETTINGS`].
#[derive(Clone, Debug, PartialEq)]
pub struct Limits {
    /// Bytes of a request's line and headers, and there are at most 100 headers. Beyond it the
    /// answer is 431.
    pub header_bytes: usize,
    /// The time for a client to send the line and headers of its first request. Beyond it the
    /// connection is closed.
    pub first_request_timeout: Duration,
    /// The same for each later request. It is also how long an idle connection stays open.
    pub header_timeout: Duration,
    /// Bytes of a request's body. Beyond it the answer is 413.
    pub body_bytes: usize,
    /// Bytes of each body that do not count in `held_bytes` or `held_response_bytes`, so that a small
    /// body finds room whatever others send or take.
    pub small_body_bytes: usize,
    /// Bytes of all requests' bodies that are held at the same time. Beyond it the answer is 503.
    pub held_bytes: usize,
    /// The same of all responses' bodies that clients have not taken yet. Beyond it the slowest client
    /// that takes less than 32 KiB in `body_window` is cut off; if there is none, the answer is 503.
    pub held_response_bytes: usize,
    /// Bytes a second of a body that have to arrive, on average over `body_window`. Below it the
    /// answer is 408.
    pub body_rate: usize,
    /// The time over which the rate of a body is measured, as it arrives or is taken.
    pub body_window: Duration,
    /// The time for a request, from its headers to the end of its response. A body that
    /// does not arrive in time is answered 408, a guest that does not answer in time 504, and a
    /// client that takes nothing of its response for as long is cut off.
    pub request_timeout: Duration,
    /// The time in which a client that sends no more is given its answer. It may be gone: beyond it
    /// the guest is stopped.
    pub half_close_timeout: Duration,
    /// Bytes of a body that are read and dropped after the request was refused, so that a client
    /// which sends all before it reads gets its answer.
    pub linger_bytes: usize,
    /// For how long that is done.
    pub linger_timeout: Duration,
    /// Bytes of linear memory of a guest, all its modules together. A guest that asks for more
    /// is refused it, which most of them answer with a trap.
    pub memory_bytes: usize,
    /// Bytes of linear memory of all guests together. Beyond it the answer is 503.
    pub all_memory_bytes: usize,
    /// Requests that guests work on at the same time. Beyond it the answer is 503.
    pub concurrent_requests: usize,
    /// Connections that are open at the same time. Beyond it the one that has waited longest for
    /// its client is closed.
    pub connections: usize,
    /// The time for which a server that got SIGTERM goes on as before, but that each response closes its
    /// connection and its health is 503: gateways learn of the end meanwhile.
    pub stop_notice: Duration,
    /// The time for which a server that stops waits for requests in flight.
    pub drain_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        let mut limits = Self {
            header_bytes: 0,
            first_request_timeout: Duration::ZERO,
            header_timeout: Duration::ZERO,
            body_bytes: 0,
            small_body_bytes: 0,
            held_bytes: 0,
            held_response_bytes: 0,
            body_rate: 0,
            body_window: Duration::ZERO,
            request_timeout: Duration::ZERO,
            half_close_timeout: Duration::ZERO,
            linger_bytes: 0,
            linger_timeout: Duration::ZERO,
            memory_bytes: 0,
            all_memory_bytes: 0,
            concurrent_requests: 0,
            connections: 0,
            stop_notice: Duration::ZERO,
            drain_timeout: Duration::ZERO,
        };
        for setting in SETTINGS {
            (setting.set)(&mut limits, setting.default);
        }
        limits
    }
}

impl Limits {
    /// The defaults, with what the environment variables of [`SETTINGS`] say instead.
    ///
    /// # Errors
    ///
    /// If a variable is not a whole number from its minimum up.
    pub fn from_env() -> Result<Self> {
        Self::from_variables(|name| std::env::var(name).ok())
    }

    fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let mut limits = Self::default();
        for setting in SETTINGS {
            if let Some(text) = variable(setting.variable) {
                (setting.set)(&mut limits, setting.parse(&text)?);
            }
        }
        Ok(limits)
    }
}

/// One limit, as `--help` and the environment name it.
pub struct Setting {
    /// The environment variable.
    pub variable: &'static str,
    /// The subject of the limit, and its unit.
    pub meaning: &'static str,
    /// The value without the variable.
    pub default: u64,
    minimum: u64,
    set: fn(&mut Limits, u64),
}

impl Setting {
    fn parse(&self, text: &str) -> Result<u64> {
        let Self { variable, minimum, .. } = self;
        let remedy = || format!("{variable} is `{text}`; set a whole number from {minimum} up");
        let value = text.trim().parse().with_context(remedy)?;
        ensure!(value >= *minimum && value <= MAXIMUM, "{}", remedy());
        Ok(value)
    }
}

/// 16 TiB, or half a million years: far from what overflows when it is added to something.
const MAXIMUM: u64 = 1 << 44;

/// Every limit that the environment can set.
pub const SETTINGS: &[Setting] = &[
    Setting {
        variable: "MODEL_API_HEADER_BYTES",
        meaning: "bytes of up to 100 headers",
        default: 32 * 1024,
        minimum: 8192,
        set: |limits, value| limits.header_bytes = value as usize,
    },
    Setting {
        variable: "MODEL_API_FIRST_REQUEST_TIMEOUT",
        meaning: "seconds to wait for the first request",
        default: 5,
        minimum: 1,
        set: |limits, value| limits.first_request_timeout = Duration::from_secs(value),
    },
    Setting {
        variable: "MODEL_API_HEADER_TIMEOUT",
        meaning: "seconds to wait for the next request",
        default: 30,
        minimum: 1,
        set: |limits, value| limits.header_timeout = Duration::from_secs(value),
    },
    Setting {
        variable: "MODEL_API_BODY_BYTES",
        meaning: "bytes of a request's body",
        default: 2 * 1024 * 1024,
        minimum: 0,
        set: |limits, value| limits.body_bytes = value as usize,
    },
    Setting {
        variable: "MODEL_API_SMALL_BODY_BYTES",
        meaning: "bytes of a body that always find room",
        default: 16 * 1024,
        minimum: 0,
        set: |limits, value| limits.small_body_bytes = value as usize,
    },
    Setting {
        variable: "MODEL_API_HELD_BYTES",
        meaning: "bytes of larger bodies together",
        default: 32 * 1024 * 1024,
        minimum: 0,
        set: |limits, value| limits.held_bytes = value as usize,
    },
    Setting {
        variable: "MODEL_API_HELD_RESPONSE_BYTES",
        meaning: "bytes of larger responses together",
        default: 32 * 1024 * 1024,
        minimum: 0,
        set: |limits, value| limits.held_response_bytes = value as usize,
    },
    Setting {
        variable: "MODEL_API_BODY_RATE",
        meaning: "bytes a second that a body arrives at",
        default: 1024,
        minimum: 0,
        set: |limits, value| limits.body_rate = value as usize,
    },
    Setting {
        variable: "MODEL_API_BODY_WINDOW",
        meaning: "seconds over which that is measured",
        default: 5,
        minimum: 1,
        set: |limits, value| limits.body_window = Duration::from_secs(value),
    },
    Setting {
        variable: "MODEL_API_REQUEST_TIMEOUT",
        meaning: "seconds that a request may take",
        default: 30,
        minimum: 1,
        set: |limits, value| limits.request_timeout = Duration::from_secs(value),
    },
    Setting {
        variable: "MODEL_API_HALF_CLOSE_TIMEOUT",
        meaning: "seconds for a client that is gone",
        default: 2,
        minimum: 0,
        set: |limits, value| limits.half_close_timeout = Duration::from_secs(value),
    },
    Setting {
        variable: "MODEL_API_LINGER_BYTES",
        meaning: "bytes dropped after a refusal",
        default: 32 * 1024 * 1024,
        minimum: 0,
        set: |limits, value| limits.linger_bytes = value as usize,
    },
    Setting {
        variable: "MODEL_API_LINGER_TIMEOUT",
        meaning: "seconds to wait for those",
        default: 5,
        minimum: 0,
        set: |limits, value| limits.linger_timeout = Duration::from_secs(value),
    },
    Setting {
        variable: "MODEL_API_MEMORY_BYTES",
        meaning: "bytes of memory of one instance",
        default: 64 * 1024 * 1024,
        minimum: 64 * 1024,
        set: |limits, value| limits.memory_bytes = value as usize,
    },
    Setting {
        variable: "MODEL_API_ALL_MEMORY_BYTES",
        meaning: "bytes of memory of all instances",
        default: 96 * 1024 * 1024,
        minimum: 64 * 1024,
        set: |limits, value| limits.all_memory_bytes = value as usize,
    },
    Setting {
        variable: "MODEL_API_CONCURRENT_REQUESTS",
        meaning: "requests handled at the same time",
        default: 128,
        minimum: 1,
        set: |limits, value| limits.concurrent_requests = value as usize,
    },
    Setting {
        variable: "MODEL_API_CONNECTIONS",
        meaning: "connections open at the same time",
        default: 1024,
        minimum: 1,
        set: |limits, value| limits.connections = value as usize,
    },
    Setting {
        variable: "MODEL_API_STOP_NOTICE",
        meaning: "seconds to go on serving after SIGTERM",
        default: 3,
        minimum: 0,
        set: |limits, value| limits.stop_notice = Duration::from_secs(value),
    },
    Setting {
        variable: "MODEL_API_DRAIN_TIMEOUT",
        meaning: "seconds to finish requests after that",
        default: 10,
        minimum: 0,
        set: |limits, value| limits.drain_timeout = Duration::from_secs(value),
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(variable: &str, value: &str) -> Result<Limits> {
        Limits::from_variables(|name| (name == variable).then(|| value.to_owned()))
    }

    #[test]
    fn a_variable_replaces_a_default() {
        let limits = limits("MODEL_API_REQUEST_TIMEOUT", "5").unwrap();
        assert_eq!(limits.request_timeout, Duration::from_secs(5));
        assert_eq!(limits.body_bytes, Limits::default().body_bytes);
    }

    #[test]
    fn a_bad_value_is_refused_with_its_name_and_the_remedy() {
        for value in ["0", "-1", "ten", "1e99"] {
            let error = limits("MODEL_API_CONNECTIONS", value).unwrap_err().to_string();
            assert!(error.contains("MODEL_API_CONNECTIONS is `"), "{error}");
            assert!(error.ends_with("set a whole number from 1 up"), "{error}");
        }
    }
}
