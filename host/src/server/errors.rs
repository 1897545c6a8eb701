//! The host's own errors: counters, and log lines if the application logs its requests.

use super::refusal::{REASONS, Refusal};
use crate::log::Log;
use crate::request_id::RequestId;
use http::{HeaderMap, Method, Uri};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The longest path in a log line, in bytes.
const MAX_PATH_BYTES: usize = 1024;

/// Counts and logs the requests without an answer from a guest.
pub struct Errors {
    counts: [AtomicU64; REASONS.len()],
    log: Log,
    log_requests: bool,
}

/// The parts of a request for its log line.
pub struct Asked {
    /// The method.
    pub method: Method,
    /// The target.
    pub uri: Uri,
    /// The time of its arrival.
    pub started: Instant,
}

impl Errors {
    /// Creates the counters at zero. Each error is also a line of `log` if `log_requests` is set.
    pub fn new(log: Log, log_requests: bool) -> Self {
        Self { counts: [const { AtomicU64::new(0) }; REASONS.len()], log, log_requests }
    }

    /// Counts a refusal of the request `id`, and logs it with at most `MAX_PATH_BYTES` of its path.
    pub fn record(&self, refusal: &Refusal, asked: &Asked, id: &RequestId) {
        self.count(refusal);
        let path = asked.uri.path();
        let cut = path.get(..path.floor_char_boundary(MAX_PATH_BYTES)).unwrap_or_default();
        let path = if cut.len() < path.len() { format!("{cut}…") } else { path.to_owned() };
        self.log(asked.method.as_str(), &path, refusal, asked.started.elapsed(), id);
    }

    /// Counts and logs a request with a parser error in hyper. `status` is the code chosen by
    /// hyper. Returns the bytes of the whole HTTP response.
    pub fn answer_unparsed(&self, status: u16) -> Vec<u8> {
        let (refusal, id) = (Refusal::unparsed(status), RequestId::new(&HeaderMap::new()));
        self.count(&refusal);
        self.log("-", "-", &refusal, Duration::ZERO, &id);
        refusal.raw_response(id.get())
    }

    /// Adds 1 to the counter of the refusal's reason.
    fn count(&self, refusal: &Refusal) {
        let place = REASONS.iter().position(|reason| *reason == refusal.reason());
        if let Some(place) = place {
            self.counts[place].fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Writes one log line if requests are logged. `took` is written in microseconds.
    fn log(&self, method: &str, path: &str, refusal: &Refusal, took: Duration, id: &RequestId) {
        if self.log_requests {
            let (status, reason) = refusal.reason();
            let (micros, id) = (took.as_micros(), id.get());
            self.log.line(format_args!(
                "host: info: {method} {path} {status} {micros}us reason={reason} request_id={id}"
            ));
        }
    }

    /// Returns the number of refusals for each of [`REASONS`], in the same order.
    pub fn counts(&self) -> impl Iterator<Item = u64> {
        self.counts.iter().map(|count| count.load(Ordering::Relaxed))
    }
}
