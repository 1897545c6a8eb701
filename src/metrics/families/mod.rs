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
    for (key, amounts) in totals {
        match Key::decode(key) {
            Some(Key::Exchange(exchange)) => http.add_exchanges(&exchange, amounts[0]),
            Some(Key::Prediction { http: exchange, class, inference }) => {
                let [confidence, count, duration] = *amounts;
                http.add_exchanges(&exchange, count);
                model.add_outcomes(&class, count, confidence);
                model.add_calls(&class.model, &class.version, inference, count, duration);
            }
            Some(Key::Sums { handler, method }) => http.add_sums(&handler, &method, amounts),
            Some(Key::Outcome(class)) => model.add_outcomes(&class, amounts[1], amounts[0]),
            Some(Key::Call { model: name, version, inference }) => {
                model.add_calls(&name, &version, inference, amounts[1], amounts[0]);
            }
            Some(Key::Invalid { feature, reason }) => {
                model.add_invalid(&feature, &reason, amounts[0]);
            }
            // Bins of another model, or of an older version, have other bounds.
            Some(Key::Bin { model: name, version, feature, bin })
                if name == signature.name && version == signature.version =>
            {
                model.add_bin(&feature, bin, amounts[0]);
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
