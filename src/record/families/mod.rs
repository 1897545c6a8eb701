//! From the counters to the metric families.

mod histogram;
mod http;
mod model;
mod series;

use super::key::{Key, Model};
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
        if let Some(key) = Key::decode(key) {
            http.add(&key, number);
            model.add(&key, number, signature);
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
            class.model == Model::new(&signature.name, &signature.version)
                && !is_known(&class.prediction)
        }
        _ => false,
    })
}

#[cfg(test)]
mod tests;
