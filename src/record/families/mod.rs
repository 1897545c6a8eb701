//! From the counters to the metric families.

mod histogram;
mod http;
mod model;
mod series;

use super::key::Key;
use super::text::Family;
use super::totals::Totals;
use crate::model::{Description, Signature};
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

/// The sums over all counters.
pub struct Stats<'a> {
    context: &'a Context<'a>,
    http: HttpStats,
    model: ModelStats,
}

impl<'a> Stats<'a> {
    /// Adds up the counters.
    pub fn new(totals: &Totals, context: &'a Context) -> Self {
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
        Self { context, http, model }
    }

    /// Returns true if the model that is served has answered what its description lacks. Looking for that
    /// at each prediction would cost the time that the description takes.
    pub fn has_unknown_predictions(&self) -> bool {
        self.model.has_unknown_predictions(self.context.signature, self.context.description)
    }

    /// Derives all families, sorted by name.
    pub fn families(&self) -> Vec<Family> {
        let mut families = self.http.families();
        families.extend(self.model.families(self.context));
        families
    }
}

#[cfg(test)]
mod tests;
