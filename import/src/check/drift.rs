//! Counts values and answers by the bins of the card's reference, as the service does, and computes
//! their population stability index, as the alerts do.

use crate::card::describe::Described;
use predictor_contract::{Output, ReferenceBins, Value, bins};
use serde::Serialize;

/// The index of a changed population.
pub const DRIFTED: f64 = 0.25;

/// The fewest values for a verdict, and the fewest for each bin: fewer differ by chance.
const FEWEST_VALUES: u64 = 200;
const FEWEST_PER_BIN: u64 = 20;

/// The share of an empty bin, since the logarithm needs a number.
const EMPTY: f64 = 0.0001;

/// The drift of a feature, or of the answers of an output.
#[derive(Debug, Serialize)]
pub struct Drift {
    /// The name of the feature or the output.
    pub name: String,
    /// The number of rows.
    pub rows: u64,
    /// The fewest rows for a verdict.
    pub rows_needed: u64,
    /// The population stability index; none without rows.
    pub index: Option<f64>,
    /// The verdict.
    pub state: State,
    /// The bins, in the order of the reference.
    pub bins: Vec<Bin>,
}

/// The verdict on a feature or an output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// The index is over 0.25.
    Drifted,
    /// The index is at most 0.25.
    Stable,
    /// The rows are too few for a verdict.
    TooFewRows,
}

/// A bin of a reference.
#[derive(Debug, Serialize)]
pub struct Bin {
    /// The label in metrics: the upper bound of numbers, a category, `other`, `true`, `false` or
    /// `missing`, or a class.
    pub bin: String,
    /// The expected part of the rows.
    pub reference: f64,
    /// The part of the rows in the file; 0 without rows.
    pub share: f64,
    /// The label for people, with both bounds of a number.
    #[serde(skip)]
    pub words: String,
}

impl Bin {
    /// Returns the bin's part of the index.
    pub fn part(&self) -> f64 {
        let (share, reference) = (self.share.max(EMPTY), self.reference.max(EMPTY));
        (share - reference) * (share / reference).ln()
    }
}

/// The counts of all features and outputs.
pub struct Drifts<'m> {
    described: &'m Described,
    features: Vec<Option<Counts>>,
    outputs: Vec<Option<Counts>>,
}

/// The number of rows in each bin.
struct Counts {
    name: String,
    /// The label and the expected part of each bin.
    shares: Vec<(String, f64)>,
    /// True if the bins before that for missing values are numbers.
    are_numbers: bool,
    rows: Vec<u64>,
}

impl<'m> Drifts<'m> {
    /// Begins to count.
    pub fn new(described: &'m Described) -> Self {
        let description = &described.description;
        let features = described.signature.features.iter().zip(&description.features);
        let features = features.map(|(feature, notes)| {
            let reference = notes.reference.as_ref()?;
            let shares = bins::shares(feature, &reference.bins, reference.missing);
            Some(Counts::new(&feature.name, shares, &reference.bins))
        });
        let outputs = description.outputs.iter().map(|notes| {
            let shares = bins::answer_shares(notes);
            Some(Counts::new(&notes.name, shares, notes.reference.as_ref()?))
        });
        Self { described, features: features.collect(), outputs: outputs.collect() }
    }

    /// Counts the values and answers of an answered row.
    pub fn add(&mut self, values: &[Value], outputs: &[Output]) {
        let Self { described, features, outputs: counted } = self;
        let notes = described.signature.features.iter().zip(&described.description.features);
        for ((counts, (feature, notes)), value) in features.iter_mut().zip(notes).zip(values) {
            if let (Some(counts), Some(reference)) = (counts, &notes.reference) {
                counts.rows[bins::of_value(&reference.bins, &feature.kind, value)] += 1;
            }
        }
        let notes = &described.description.outputs;
        for ((counts, notes), output) in counted.iter_mut().zip(notes).zip(outputs) {
            if let (Some(counts), Some(bin)) = (counts, bins::of_answer(output, notes)) {
                counts.rows[bin] += 1;
            }
        }
    }

    /// Returns the drift of features and of outputs with a reference, worst first, and the names of
    /// features without one.
    pub fn finish(self) -> (Vec<Drift>, Vec<Drift>, Vec<String>) {
        let names = self.described.signature.features.iter().zip(&self.features);
        let without = names.filter(|(_, counts)| counts.is_none());
        let without = without.map(|(feature, _)| feature.name.clone()).collect();
        let [features, outputs] = [self.features, self.outputs].map(|counted| {
            let mut drifts: Vec<Drift> = counted.into_iter().flatten().map(Counts::drift).collect();
            drifts.sort_by(|a, b| b.index.unwrap_or(0.0).total_cmp(&a.index.unwrap_or(0.0)));
            drifts
        });
        (features, outputs, without)
    }
}

impl Counts {
    fn new(name: &str, shares: Vec<(String, f64)>, reference: &ReferenceBins) -> Self {
        let are_numbers = matches!(reference, ReferenceBins::Number(_));
        Self { name: name.to_owned(), rows: vec![0; shares.len()], shares, are_numbers }
    }

    fn drift(self) -> Drift {
        let rows: u64 = self.rows.iter().sum();
        let words = self.words();
        let parts = self.shares.into_iter().zip(&self.rows).zip(words);
        let bins: Vec<Bin> = parts
            .map(|(((bin, reference), count), words)| {
                let share = if rows == 0 { 0.0 } else { *count as f64 / rows as f64 };
                Bin { bin, reference, share, words }
            })
            .collect();
        let index = (rows > 0).then(|| bins.iter().map(Bin::part).sum());
        let rows_needed = FEWEST_VALUES.max(FEWEST_PER_BIN * bins.len() as u64);
        let state = match index {
            Some(index) if rows >= rows_needed && index > DRIFTED => State::Drifted,
            _ if rows >= rows_needed => State::Stable,
            _ => State::TooFewRows,
        };
        Drift { name: self.name, rows, rows_needed, index, state, bins }
    }

    /// Writes the label of each bin for people.
    fn words(&self) -> Vec<String> {
        if !self.are_numbers {
            return self.shares.iter().map(|(label, _)| label.clone()).collect();
        }
        let labels: Vec<&str> = self.shares.iter().map(|(label, _)| plain(label)).collect();
        let word = |(index, label): (usize, &&str)| match index.checked_sub(1) {
            _ if *label == "missing" => (*label).to_owned(),
            None => format!("≤{label}"),
            Some(before) if *label == "+Inf" => format!(">{}", labels[before]),
            Some(before) => format!("{}–{label}", labels[before]),
        };
        labels.iter().enumerate().map(word).collect()
    }
}

/// Removes the fraction of a whole number.
fn plain(label: &str) -> &str {
    match label.strip_suffix(".0") {
        Some(whole) if whole.parse::<f64>().is_ok() => whole,
        _ => label,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use predictor_contract::NumberBin;

    fn counts(rows: &[u64]) -> Counts {
        let upper = [60.0, 61.5, f64::INFINITY].map(|upper| NumberBin { upper, share: 0.0 });
        let labels = ["60.0", "61.5", "+Inf", "missing"].map(str::to_owned);
        let shares = labels.into_iter().zip([0.5, 0.3, 0.2, 0.0]).collect();
        let counts = Counts::new("age", shares, &ReferenceBins::Number(upper.into()));
        Counts { rows: rows.to_vec(), ..counts }
    }

    #[test]
    fn the_index_is_a_sum_over_the_bins_and_an_empty_bin_is_almost_none() {
        let drift = counts(&[100, 60, 40, 0]).drift();
        assert_eq!((drift.index, drift.state), (Some(0.0), State::Stable));
        let drift = counts(&[0, 0, 0, 200]).drift();
        let empty = |share: f64| (0.0001 - share) * (0.0001 / share).ln();
        let expected = [0.5, 0.3, 0.2].map(empty).iter().sum::<f64>() + empty(1.0);
        assert!((drift.index.unwrap() - expected).abs() < 1e-12);
        assert_eq!(drift.state, State::Drifted);
    }

    #[test]
    fn few_rows_have_no_verdict() {
        assert_eq!(counts(&[0, 0, 0, 199]).drift().state, State::TooFewRows);
        assert_eq!(counts(&[0; 4]).drift().index, None);
        let many = (0..30).map(|bin| (bin.to_string(), 1.0 / 30.0)).collect();
        let many = Counts::new("ward", many, &ReferenceBins::Category(Vec::new()));
        assert_eq!(many.drift().rows_needed, 600);
    }

    #[test]
    fn a_bin_of_numbers_has_both_bounds() {
        assert_eq!(counts(&[0; 4]).words(), ["≤60", "60–61.5", ">61.5", "missing"]);
    }

    #[test]
    fn the_bounds_are_those_of_the_rules() {
        let path = "../k8s/components/alerts/prometheus-rule.yaml";
        let rules = std::fs::read_to_string(path).unwrap();
        for part in [
            format!("feature:model_feature_psi:1h > {DRIFTED}\n"),
            format!("output:model_prediction_psi:1h > {DRIFTED}\n"),
            format!(
                "(model_feature_bin_total{{job=~\"model-api-service(-canary|-shadow)?\"}}[1h])) >= {FEWEST_VALUES}\n"
            ),
            format!(">= {FEWEST_PER_BIN} * count by (namespace, job, model, version, feature)"),
            format!("clamp_min(feature_bin:model_feature_bin:share1h, {EMPTY})"),
        ] {
            assert!(rules.contains(&part), "{part}");
        }
    }
}
