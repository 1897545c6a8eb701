//! The families of the HTTP service, with the names of prometheus-fastapi-instrumentator.

use super::histogram::{Count, Histogram};
use super::series::Series;
use crate::http::Method;
use crate::record::buckets::DURATION;
use crate::record::key::{Http, HttpQuantity, Key};
use crate::record::text::{Family, Kind, Sample};
use std::num::Saturating;

/// The sums over all counters of exchanges.
pub struct HttpStats {
    requests: Series<Count>,
    durations: Series<Histogram>,
    sized: Series<Count>,
    request_bytes: Series<Count>,
    response_bytes: Series<Count>,
}

impl HttpStats {
    /// Makes empty sums, without a series.
    pub const fn new() -> Self {
        Self {
            requests: Series::new(&["handler", "method", "status"]),
            durations: Series::new(&["handler", "method"]),
            sized: Series::new(&["handler"]),
            request_bytes: Series::new(&["handler"]),
            response_bytes: Series::new(&["handler"]),
        }
    }

    /// Creates the series for requests of predictions, at 0.
    pub fn begin(&mut self, handlers: &[&str]) {
        for handler in handlers {
            for status in ["2xx", "4xx", "5xx"] {
                self.requests.at(&[handler, Method::Post.as_str(), status]);
            }
        }
    }

    /// Adds the number of a counter, if it belongs to exchanges.
    pub fn add(&mut self, key: &Key, number: u64) {
        match key {
            Key::Exchange(http) => self.add_exchanges(http, number),
            Key::Prediction { http, response_bytes, .. } => {
                self.add_exchanges(http, number);
                let bytes = Saturating(response_bytes.unwrap_or(0) as u64);
                *self.response_bytes.at(&[&http.handler]) += bytes * Saturating(number);
            }
            Key::HttpSum { quantity, handler, method } => {
                *match quantity {
                    HttpQuantity::RequestSize => self.request_bytes.at(&[handler]),
                    HttpQuantity::ResponseSize => self.response_bytes.at(&[handler]),
                    HttpQuantity::Duration => &mut self.durations.at(&[handler, method]).sum,
                } += number;
            }
            _ => {}
        }
    }

    /// Adds exchanges with the same labels and bucket.
    fn add_exchanges(&mut self, http: &Http, count: u64) {
        let status = format!("{}xx", http.status);
        *self.requests.at(&[&http.handler, &http.method, &status]) += count;
        self.durations.at(&[&http.handler, &http.method]).add(http.duration_bucket, count);
        *self.sized.at(&[&http.handler]) += count;
    }

    /// Returns the families, sorted by name.
    pub fn families(&self) -> Vec<Family> {
        vec![
            Family {
                name: "http_request_duration_highr_seconds",
                kind: Kind::Histogram,
                help: "Time from the request's head to the recorded response, of all handlers.",
                samples: self.all_durations().samples(&DURATION, &[]),
            },
            Family {
                name: "http_request_duration_seconds",
                kind: Kind::Histogram,
                help: "Time from the request's head to the recorded response, by handler and method.",
                samples: self.durations.samples(&DURATION),
            },
            Family {
                name: "http_request_size_bytes",
                kind: Kind::Summary,
                help: "Size of the requests' bodies that were read, by handler.",
                samples: self.sizes(&self.request_bytes),
            },
            Family {
                name: "http_requests",
                kind: Kind::Counter,
                help: "Total number of requests by method, status and handler.",
                samples: self.requests.samples("_total"),
            },
            Family {
                name: "http_response_size_bytes",
                kind: Kind::Summary,
                help: "Size of the responses' bodies by handler.",
                samples: self.sizes(&self.response_bytes),
            },
        ]
    }

    fn all_durations(&self) -> Histogram {
        let mut all = Histogram::default();
        for histogram in self.durations.values() {
            all.merge(histogram);
        }
        all
    }

    /// Returns the sum beside each count. The sum is missing in the store if a scrape comes between
    /// the increments of a handler's first request, or if all of its bodies were empty.
    fn sizes(&self, bytes: &Series<Count>) -> Vec<Sample> {
        let with_sum = |count: Sample| {
            let labels: Vec<_> = count.labels.iter().map(|(_, value)| value.as_str()).collect();
            let sum = bytes.get(&labels).copied().unwrap_or_default().0;
            [Sample { suffix: "_sum", labels: count.labels.clone(), value: sum as f64 }, count]
        };
        self.sized.samples("_count").into_iter().flat_map(with_sum).collect()
    }
}
