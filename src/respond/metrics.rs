//! `GET /metrics`: the counters, for Prometheus.

use super::routes;
use crate::http::{ErrorForm, Request, Response};
use crate::model;
use crate::platform::store::Store;
use crate::platform::{log, settings};
use crate::record::{self, Context, Format, Stats, Totals};

/// Answers the request.
pub fn get(request: &Request) -> Response {
    let format = Format::accepted((request.header)("accept").as_deref());
    match Store::open().and_then(record::totals) {
        Ok(totals) => exposition(format, &totals),
        Err(error) => {
            log::warn(&format!("a scrape failed: {error:#}"));
            ErrorForm::Detail.response(503, "The counters cannot be read")
        }
    }
}

fn exposition(format: Format, totals: &Totals) -> Response {
    let predicting = routes::ROUTES
        .iter()
        .filter(|route| route.methods.iter().any(|(_, endpoint)| endpoint.predicts()));
    let context = Context {
        signature: &model::get_signature(),
        description: &model::describe(),
        drift_sample_interval: settings::drift_sample_interval(),
        takes_outcomes: settings::takes_outcomes(),
        predicting: &predicting.map(|route| route.path).collect::<Vec<_>>(),
    };
    let stats = Stats::new(totals, &context);
    if stats.has_unknown_predictions() {
        log::warn("the model has answered with a class that is not in its description");
    }
    let text = record::write(format, &stats.families());
    Response::new(format.content_type(), text.into_bytes()).not_stored().varies_by("accept")
}
