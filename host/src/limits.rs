//! The limits of one client, one request and one guest.

use clap::builder::{RangedU64ValueParser, Resettable, TypedValueParser};
use clap::{Args, Command, FromArgMatches};
use std::ops::RangeFrom;
use std::time::Duration;

/// Returns the number of cores available to this process.
pub(crate) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// The limits of a server: options of the command line, each also an environment variable.
///
/// [`Limits::default`] has the defaults. The first paragraph of each field is its text in `--help`.
#[derive(Args, Clone, Debug, PartialEq)]
#[command(next_help_heading = "Limits")]
pub struct Limits {
    /// Bytes of a request's line and of its headers, at most 100.
    ///
    /// Above the limit, the response is 431.
    #[arg(long, env = "MODEL_API_HEADER_BYTES", default_value = "32768", value_parser = number(8192..))]
    pub header_bytes: usize,
    /// Seconds for the first request's line and headers.
    ///
    /// After this time, the connection is closed.
    #[arg(long, env = "MODEL_API_FIRST_REQUEST_TIMEOUT", default_value = "5", value_parser = seconds(1..))]
    pub first_request_timeout: Duration,
    /// The same for each later request.
    ///
    /// An idle connection stays open for this long.
    #[arg(long, env = "MODEL_API_HEADER_TIMEOUT", default_value = "30", value_parser = seconds(1..))]
    pub header_timeout: Duration,
    /// Bytes of a request's body.
    ///
    /// Above the limit, the response is 413.
    #[arg(long, env = "MODEL_API_BODY_BYTES", default_value = "2097152", value_parser = number(0..))]
    pub body_bytes: usize,
    /// Bytes of a body that always finds room.
    ///
    /// So many bytes of each body are not counted in `held_bytes` or `held_response_bytes`, so a
    /// small body finds room even if other clients fill these limits.
    #[arg(long, env = "MODEL_API_SMALL_BODY_BYTES", default_value = "16384", value_parser = number(0..))]
    pub small_body_bytes: usize,
    /// Bytes of all larger bodies together.
    ///
    /// Above the limit, the response is 503.
    #[arg(long, env = "MODEL_API_HELD_BYTES", default_value = "33554432", value_parser = number(0..))]
    pub held_bytes: usize,
    /// Bytes of all larger responses together, not yet taken by their clients.
    ///
    /// Above the limit, the slowest client is cut off if it takes less than 32 KiB in
    /// `body_window`. If no client is so slow, the response is 503.
    #[arg(long, env = "MODEL_API_HELD_RESPONSE_BYTES", default_value = "33554432", value_parser = number(0..))]
    pub held_response_bytes: usize,
    /// The slowest body, in bytes a second.
    ///
    /// The rate is an average over `body_window`. Below it, the response is 408.
    #[arg(long, env = "MODEL_API_BODY_RATE", default_value = "1024", value_parser = number(0..))]
    pub body_rate: usize,
    /// Seconds for measuring the rate of a body, as it is received or sent.
    #[arg(long, env = "MODEL_API_BODY_WINDOW", default_value = "5", value_parser = seconds(1..))]
    pub body_window: Duration,
    /// Seconds for a request, from its headers to the end of its response.
    ///
    /// The response is 408 if the body is late, and 504 if the guest is late. A client is cut off
    /// if it takes none of its response for this long.
    #[arg(long, env = "MODEL_API_REQUEST_TIMEOUT", default_value = "30", value_parser = seconds(1..))]
    pub request_timeout: Duration,
    /// Seconds to answer a client after it closes its sending side.
    ///
    /// The client may be gone, so the guest is stopped after this time.
    #[arg(long, env = "MODEL_API_HALF_CLOSE_TIMEOUT", default_value = "2", value_parser = seconds(0..))]
    pub half_close_timeout: Duration,
    /// Bytes of a refused request's body to read and drop.
    ///
    /// So a client that sends its whole body before it reads still gets the response.
    #[arg(long, env = "MODEL_API_LINGER_BYTES", default_value = "33554432", value_parser = number(0..))]
    pub linger_bytes: usize,
    /// Seconds for reading these bytes.
    #[arg(long, env = "MODEL_API_LINGER_TIMEOUT", default_value = "5", value_parser = seconds(0..))]
    pub linger_timeout: Duration,
    /// Bytes of linear memory of one guest.
    ///
    /// All its modules count together. More memory is refused, and most guests then trap.
    #[arg(long, env = "MODEL_API_MEMORY_BYTES", default_value = "67108864", value_parser = number(65536..))]
    pub memory_bytes: usize,
    /// Bytes of linear memory of all guests together.
    ///
    /// Above the limit, the response is 503.
    #[arg(long, env = "MODEL_API_ALL_MEMORY_BYTES", default_value = "100663296", value_parser = number(65536..))]
    pub all_memory_bytes: usize,
    /// Requests handled by guests at the same time.
    ///
    /// Above the limit, the response is 503.
    #[arg(long, env = "MODEL_API_CONCURRENT_REQUESTS", default_value = "128", value_parser = number(1..))]
    pub concurrent_requests: usize,
    /// Connections open at the same time.
    ///
    /// Above the limit, the server closes the connection waiting longest for its client.
    #[arg(long, env = "MODEL_API_CONNECTIONS", default_value = "1024", value_parser = number(1..))]
    pub connections: usize,
    /// Seconds to continue to serve after SIGTERM.
    ///
    /// Each response closes its connection, and the health check gives 503, so gateways learn of
    /// the stop.
    #[arg(long, env = "MODEL_API_STOP_NOTICE", default_value = "3", value_parser = seconds(0..))]
    pub stop_notice: Duration,
    /// Seconds to wait for requests in flight after that.
    #[arg(long, env = "MODEL_API_DRAIN_TIMEOUT", default_value = "10", value_parser = seconds(0..))]
    pub drain_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        let command = Self::augment_args(Command::new("limits"));
        // The defaults are the same in every environment.
        let command = command.mut_args(|argument| argument.env(Resettable::Reset));
        let matches = command.get_matches_from(["limits"]);
        Self::from_arg_matches(&matches).expect("every limit has a default")
    }
}

/// The largest value of a limit: 16 TiB, or half a million years. Adding to it cannot overflow.
const MAXIMUM: u64 = 1 << 44;

fn number(from: RangeFrom<u64>) -> impl TypedValueParser<Value = usize> {
    RangedU64ValueParser::<usize>::new().range(from.start..=MAXIMUM)
}

fn seconds(from: RangeFrom<u64>) -> impl TypedValueParser<Value = Duration> {
    RangedU64ValueParser::<u64>::new().range(from.start..=MAXIMUM).map(Duration::from_secs)
}
