//! The population stability index, as the rules compute it, of samples of the reference itself: what
//! the rule asks for keeps chance from being an alert.

use crate::documents::read;
use fastrand::Rng;

const WINDOWS: usize = 2000;

/// The numbers of the rule, as it is written.
struct Rule {
    bound: f64,
    values: usize,
    values_per_bin: usize,
}

impl Rule {
    fn of(alert: &str) -> Self {
        let rules = read("k8s/components/alerts/prometheus-rule.yaml");
        let drift = rules.split(&format!("- alert: {alert}")).nth(1).unwrap();
        let after = |start: &str| -> f64 {
            let rest = drift.split(start).nth(1).unwrap_or_else(|| panic!("{start}"));
            rest.split_whitespace().next().unwrap().parse().unwrap()
        };
        Self {
            bound: after("psi:1h >"),
            values: after("[1h])) >=") as usize,
            values_per_bin: after("\n            >=") as usize,
        }
    }

    fn least_values(&self, bins: usize) -> usize {
        self.values.max(self.values_per_bin * bins)
    }

    /// The number of windows of so many values of the reference that are an alert.
    fn false_alerts(&self, shares: &[f64], values: usize) -> usize {
        let mut random = Rng::with_seed(19);
        let windows = 0..WINDOWS;
        windows.filter(|_| index(shares, &sample(shares, values, &mut random)) > self.bound).count()
    }
}

/// The share of each bin in a sample of the reference.
fn sample(shares: &[f64], values: usize, random: &mut Rng) -> Vec<f64> {
    let mut bounds = shares.to_vec();
    for bin in 1..bounds.len() {
        bounds[bin] += bounds[bin - 1];
    }
    let mut counts = vec![0.0; shares.len()];
    for _ in 0..values {
        let place = random.f64();
        let bin = bounds.partition_point(|bound| *bound <= place);
        counts[bin.min(shares.len() - 1)] += 1.0;
    }
    counts.iter().map(|count| count / values as f64).collect()
}

/// The index, in which an empty bin counts as 0.0001.
fn index(reference: &[f64], actual: &[f64]) -> f64 {
    let pairs = reference.iter().zip(actual).map(|(r, a)| (r.max(0.0001), a.max(0.0001)));
    pairs.map(|(reference, actual)| (actual - reference) * (actual / reference).ln()).sum()
}

fn even(bins: usize) -> Vec<f64> {
    vec![1.0 / bins as f64; bins]
}

/// Each bin has a share that falls with its place, as those of categories do.
fn skewed(bins: usize) -> Vec<f64> {
    let sum: f64 = (1..=bins).map(|place| 1.0 / place as f64).sum();
    (1..=bins).map(|place| 1.0 / place as f64 / sum).collect()
}

#[test]
fn a_sample_of_the_reference_is_no_drift_for_any_number_of_bins() {
    for rule in ["ModelApiFeatureDrift", "ModelApiAnswerDrift"].map(Rule::of) {
        for bins in [2, 5, 11, 50, 200] {
            for shares in [even(bins), skewed(bins)] {
                let alerts = rule.false_alerts(&shares, rule.least_values(bins));
                assert_eq!(alerts, 0, "{bins} bins");
            }
        }
    }
}

#[test]
fn two_hundred_values_are_too_few_for_fifty_bins() {
    let rule = Rule::of("ModelApiFeatureDrift");
    let alerts = rule.false_alerts(&even(50), 200);
    assert!(alerts > WINDOWS / 2, "{alerts}");
}
