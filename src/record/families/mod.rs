//! From the counters to the metric families.

mod histogram;
mod http;
mod model;
mod series;

use super::counter::Totals;
use super::key::Key;
use super::text::Family;
use crate::edge::model::{Description, Signature};
use http::HttpStats;
use model::ModelStats;

/// All families, sorted by name. `drift_sample_interval` is the one that is in force.
pub fn families(
    totals: &Totals,
    signature: &Signature,
    description: &Description,
    drift_sample_interval: u64,
) -> Vec<Family> {
    let mut http = HttpStats::new();
    let mut model = ModelStats::new();
    // What a series begins with is hidden from rate() and increase(), were it the first error of a
    // replica: the counters of predictions are there at 0 before the first of them.
    http.begin();
    model.begin(signature, description);
    for (key, &number) in totals {
        match Key::decode(key) {
            Some(Key::Exchange(exchange)) => http.add_exchanges(&exchange, number),
            Some(Key::Prediction { http: exchange, class, inference_bucket }) => {
                http.add_exchanges(&exchange, number);
                model.add_outcomes(&class, number);
                model.add_calls(&class.model, &class.version, inference_bucket, number);
            }
            Some(Key::HttpSum { quantity, handler, method }) => {
                http.add_sum(quantity, &handler, &method, number);
            }
            Some(Key::Outcome(class)) => model.add_outcomes(&class, number),
            Some(Key::Call { model: name, version, inference_bucket }) => {
                model.add_calls(&name, &version, inference_bucket, number);
            }
            Some(Key::ModelSum { quantity, model: name, version }) => {
                model.add_sum(quantity, &name, &version, number);
            }
            Some(Key::Invalid { feature, reason }) => model.add_invalid(&feature, &reason, number),
            // Bins of another model, or of an older version, have other bounds.
            Some(Key::Bin { model: name, version, feature, bin })
                if name == signature.name && version == signature.version =>
            {
                model.add_bin(&feature, bin, number);
            }
            Some(Key::Bin { .. }) | None => {}
        }
    }
    let mut families = http.families();
    families.extend(model.families(signature, description, drift_sample_interval));
    families
}

#[cfg(test)]
mod tests;
