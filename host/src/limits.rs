//! The limits of one client, one request and one guest.

use anyhow::{Context, Result, ensure};
use std::time::Duration;

/// Returns the number of cores available to this process.
pub(crate) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// The limits of a server. [`Limits::default`] has the defaults. [`Limits::from_env`] reads the
/// environment variables in [`SETTINGS`].
#[derive(Clone, Debug, PartialEq)]
pub struct Limits {
    /// Bytes of a request's line and headers, with at most 100 headers. Above the limit, the
    /// response is 431.
    pub header_bytes: usize,
    /// The time for a client to send the line and headers of its first request. After it, the
    /// connection is closed.
    pub first_request_timeout: Duration,
    /// The same time for each later request. An idle connection stays open for this long.
    pub header_timeout: Duration,
    /// Bytes of a request's body. Above the limit, the response is 413.
    pub body_bytes: usize,
    /// Bytes of each body not counted in `held_bytes` or `held_response_bytes`. So a small body
    /// always finds room, even if other clients fill these limits.
    pub small_body_bytes: usize,
    /// Bytes of all request bodies held at the same time. Above the limit, the response is 503.
    pub held_bytes: usize,
    /// Bytes of all response bodies not yet taken by their clients. Above the limit, the slowest
    /// client is cut off if it takes less than 32 KiB in `body_window`. If no client is so slow,
    /// the response is 503.
    pub held_response_bytes: usize,
    /// Minimum rate of a request's body in bytes per second, on average over `body_window`. Below
    /// it, the response is 408.
    pub body_rate: usize,
    /// The time for measuring the rate of a body, as it is received or sent.
    pub body_window: Duration,
    /// The time for a request, from its headers to the end of its response. The response is 408 if
    /// the body is late, and 504 if the guest is late. A client is cut off if it takes none of its
    /// response for this long.
    pub request_timeout: Duration,
    /// The time to answer a client after it closes its sending side. The client may be gone, so the
    /// guest is stopped after this time.
    pub half_close_timeout: Duration,
    /// Bytes of a body to read and drop after the request is refused. So a client that sends its
    /// whole body before it reads still gets the response.
    pub linger_bytes: usize,
    /// The time for reading these bytes.
    pub linger_timeout: Duration,
    /// Bytes of linear memory of one guest, all its modules together. More memory is refused, and
    /// most guests then trap.
    pub memory_bytes: usize,
    /// Bytes of linear memory of all guests together. Above the limit, the response is 503.
    pub all_memory_bytes: usize,
    /// Requests handled by guests at the same time. Above the limit, the response is 503.
    pub concurrent_requests: usize,
    /// Connections open at the same time. Above the limit, the server closes the connection waiting
    /// longest for its client.
    pub connections: usize,
    /// The time after SIGTERM during which the server continues to serve. Each response closes its
    /// connection, and the health check gives 503, so gateways learn of the stop.
    pub stop_notice: Duration,
    /// The time a stopping server waits for requests in flight.
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
    /// Returns the defaults, overridden by the environment variables of [`SETTINGS`].
    ///
    /// # Errors
    ///
    /// If a variable is not a whole number, or is below its minimum or above 2⁴⁴.
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

/// One limit, as named by `--help` and the environment.
pub struct Setting {
    /// The name of the environment variable.
    pub variable: &'static str,
    /// The subject of the limit and its unit, for `--help`.
    pub meaning: &'static str,
    /// The value if the variable is not set.
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

/// The largest value of a limit: 16 TiB, or half a million years. Adding to it cannot overflow.
const MAXIMUM: u64 = 1 << 44;

/// All limits, with their environment variables.
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
