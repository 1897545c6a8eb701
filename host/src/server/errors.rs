//! The host's own errors: each is counted, and logged where the application logs its requests.

use super::refusal::{REASONS, Refusal};
use crate::log::Log;
use crate::request_id::RequestId;
use http::{HeaderMap, Method, Uri};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The longest path in a line of the log, in bytes.
const MAX_PATH_BYTES: usize = 1024;

/// The requests that no guest answered: counts, and lines of the log.
pub struct Errors {
    counts: [AtomicU64; REASONS.len()],
    log: Log,
    log_requests: bool,
}

/// A request, as far as a line of the log tells of it.
pub struct Asked {
    /// Its method.
    pub method: Method,
    /// Its target.
    pub uri: Uri,
    /// The time at which it came.
    pub started: Instant,
}

impl Errors {
    /// Errors that are counted; each is a line of `log` too if `log_requests` is set.
    pub fn new(log: Log, log_requests: bool) -> Self {
        Self { counts: [const { AtomicU64::new(0) }; REASONS.len()], log, log_requests }
    }

    /// Counts a refusal of the request `id`.
    pub fn record(&self, refusal: &Refusal, asked: &Asked, id: &RequestId) {
        self.count(refusal);
        let path = asked.uri.path();
        let cut = path.get(..path.floor_char_boundary(MAX_PATH_BYTES)).unwrap_or_default();
        let path = if cut.len() < path.len() { format!("{cut}…") } else { path.to_owned() };
        self.log(asked.method.as_str(), &path, refusal, asked.started.elapsed(), id);
    }

    /// The answer to what hyper cannot parse, and gives `status` to.
    pub fn answer_unparsed(&self, status: u16) -> Vec<u8> {
        let (refusal, id) = (Refusal::unparsed(status), RequestId::new(&HeaderMap::new()));
        self.count(&refusal);
        self.log("-", "-", &refusal, Duration::ZERO, &id);
        refusal.raw_response(id.get())
    }

    fn count(&self, refusal: &Refusal) {
        let place = REASONS.iter().position(|reason| *reason == refusal.reason());
        if let Some(place) = place {
            self.counts[place].fetch_add(1, Ordering::Relaxed);
        }
    }

    fn log(&self, method: &str, path: &str, refusal: &Refusal, took: Duration, id: &RequestId) {
        if self.log_requests {
            let (status, reason) = refusal.reason();
            let (micros, id) = (took.as_micros(), id.get());
            self.log.line(format_args!(
                "host: info: {method} {path} {status} {micros}us reason={reason} request_id={id}"
            ));
        }
    }

    /// The number of refusals for each of [`REASONS`].
    pub fn counts(&self) -> impl Iterator<Item = u64> {
        self.counts.iter().map(|count| count.load(Ordering::Relaxed))
    }
}
