//! `GET /metrics`: the counters, for Prometheus.

use crate::edge::store::Bucket;
use crate::edge::{log, model};
use crate::http::{Reply, Request, Response};
use crate::limits;
use crate::metrics::{self, Format};

pub fn get(request: &Request) -> Reply {
    let format = Format::accepted((request.header)("accept").as_deref());
    match Bucket::open().and_then(|bucket| metrics::totals(&bucket)) {
        Ok(totals) => exposition(format, &totals).into(),
        Err(error) => {
            log::warn(&format!("a scrape failed: {error:#}"));
            Response::error(503, "The counters cannot be read").into()
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
    Response {
        status: 200,
        content_type: format.content_type(),
        headers: Vec::new(),
        body: metrics::write(format, &families).into_bytes(),
    }
}
