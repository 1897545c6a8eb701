//! The metric families, derived from the counters.

mod explanation;
mod histogram;
mod http;
mod model;
mod outcome;
mod series;

use super::key::Key;
use super::text::Family;
use super::totals::Totals;
use crate::model::{Description, Signature};
use explanation::ExplanationStats;
use http::HttpStats;
use model::ModelStats;
use outcome::OutcomeStats;

/// The facts needed by families beside the counters.
pub struct Context<'a> {
    pub signature: &'a Signature,
    pub description: &'a Description,
    /// The current setting; 0 for no sample.
    pub drift_sample_interval: u64,
    /// The current setting.
    pub takes_outcomes: bool,
    /// The handlers of predictions.
    pub predicting: &'a [&'static str],
}

/// The sums over all counters.
pub struct Stats<'a> {
    context: &'a Context<'a>,
    http: HttpStats,
    model: ModelStats,
    explanations: ExplanationStats,
    /// None if outcomes are not taken.
    outcomes: Option<OutcomeStats>,
}

impl<'a> Stats<'a> {
    /// Adds up the counters.
    pub fn new(totals: &Totals, context: &'a Context) -> Self {
        let Context { signature, description, .. } = context;
        let mut http = HttpStats::new();
        let mut model = ModelStats::new();
        let mut explanations = ExplanationStats::new();
        let mut outcomes = context.takes_outcomes.then(OutcomeStats::new);
        // A new series hides its first value from rate() and increase(), such as a first error. So
        // the counters of predictions exist at 0 from the start.
        http.begin(context.predicting);
        model.begin(signature, description);
        explanations.begin(signature, description);
        if let Some(outcomes) = &mut outcomes {
            outcomes.begin(context);
        }
        for (key, &number) in totals {
            if let Some(key) = Key::decode(key) {
                http.add(&key, number);
                model.add(&key, number, signature);
                explanations.add(&key, number, signature);
                if let Some(outcomes) = &mut outcomes {
                    outcomes.add(&key, number, context);
                }
            }
        }
        Self { context, http, model, explanations, outcomes }
    }

    /// Returns true if the served model has given an answer missing from its description. A check
    /// at each prediction would take as much time as the description itself.
    pub fn has_unknown_predictions(&self) -> bool {
        self.model.has_unknown_predictions(self.context.signature, self.context.description)
    }

    /// Derives all families, sorted by name.
    pub fn families(&self) -> Vec<Family> {
        let mut families = self.http.families();
        families.extend(self.model.families(self.context));
        let mut others = Vec::from(self.explanations.families(self.context));
        others.extend(self.outcomes.iter().flat_map(|outcomes| outcomes.families(self.context)));
        for family in others {
            let name = family.full_name();
            let after = families.iter().position(|other| other.full_name() > name);
            families.insert(after.unwrap_or(families.len()), family);
        }
        families
    }
}

#[cfg(test)]
mod tests;
