//! `GET /metrics`: the counters, for Prometheus.

use crate::edge::store::Bucket;
use crate::edge::{log, model};
use crate::http::{ErrorForm, Request, Response};
use crate::limits;
use crate::metrics::{self, Format};

pub fn get(request: &Request) -> Response {
    let format = Format::accepted((request.header)("accept").as_deref());
    match Bucket::open().and_then(|bucket| metrics::totals(&bucket)) {
        Ok(totals) => exposition(format, &totals),
        Err(error) => {
            log::warn(&format!("a scrape failed: {error:#}"));
            ErrorForm::Detail.response(503, "The counters cannot be read")
        }
    }
}

fn exposition(format: Format, totals: &metrics::Totals) -> Response {
    let families = metrics::families(
        totals,
        &model::get_signature(),
        &model::describe(),
        limits::drift_sample_interval(),
    );
    let text = metrics::write(format, &families);
    Response::new(format.content_type(), text.into_bytes()).not_stored().varies_by("accept")
}
