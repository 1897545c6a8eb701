//! From the counters to the metric families.

mod histogram;
mod http;
mod model;
mod series;

use super::key::Key;
use super::text::Family;
use super::totals::Totals;
use crate::model::{Description, OutputKind, Signature};
use http::HttpStats;
use model::ModelStats;

/// The facts that families have beside the counters.
pub struct Context<'a> {
    pub signature: &'a Signature,
    pub description: &'a Description,
    /// The setting that is in force.
    pub drift_sample_interval: u64,
    /// The handlers that predict.
    pub predicting: &'a [&'static str],
}

/// Derives all families, sorted by name.
pub fn families(totals: &Totals, context: &Context) -> Vec<Family> {
    let Context { signature, description, .. } = context;
    let mut http = HttpStats::new();
    let mut model = ModelStats::new();
    // A series that begins with its first error hides it from rate() and increase(): the counters
    // of predictions are there at 0 before the first of them.
    http.begin(context.predicting);
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
            Some(Key::Started { model: name, version }) => {
                model.add_started(&name, &version, number);
            }
            Some(Key::Call { model: name, version, inference_bucket }) => {
                model.add_calls(&name, &version, inference_bucket, number);
            }
            Some(Key::ModelSum { quantity, model: name, version }) => {
                model.add_sum(quantity, &name, &version, number);
            }
            Some(Key::Violation { feature, reason }) => {
                model.add_violations(&feature, &reason, number);
            }
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
    families.extend(model.families(context));
    families
}

/// Returns true if the model that is served has answered with a class that its description lacks. Looking
/// for that at each prediction would cost the time that the description takes.
pub fn has_unknown_classes(totals: &Totals, context: &Context) -> bool {
    let Context { signature, description, .. } = context;
    let is_known = |prediction: &str| {
        description.outputs.iter().any(|output| match &output.kind {
            OutputKind::Classes(labels) => labels.iter().any(|label| label == prediction),
            OutputKind::Quantity(_) => output.name == prediction,
        })
    };
    totals.keys().any(|key| match Key::decode(key) {
        Some(Key::Prediction { class, .. } | Key::Outcome(class)) => {
            (&*class.model, &*class.version) == (&*signature.name, &*signature.version)
                && !is_known(&class.prediction)
        }
        _ => false,
    })
}

#[cfg(test)]
mod tests;
