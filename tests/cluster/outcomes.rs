//! The comparisons of outcomes, as the rules compute them: if nothing has changed, chance is no alert, and
//! five points are one.

use crate::documents::read;
use fastrand::Rng;

/// Windows of each simulation: one false alarm in 20,000 is five.
const WINDOWS: usize = 100_000;
const MOST_FALSE_ALARMS: usize = WINDOWS / 20_000;

/// The numbers of the rule, as it is written.
struct Rule {
    windows: f64,
    least_people: f64,
}

impl Rule {
    fn read() -> Self {
        let rules = read("k8s/components/alerts/prometheus-rule.yaml");
        let after = |start: &str| -> f64 {
            let rest = rules.split(start).nth(1).unwrap_or_else(|| panic!("{start}"));
            rest.split([' ', ')']).next().unwrap().parse().unwrap()
        };
        Self { windows: after("2 * ln("), least_people: after("people7d >= ") }
    }

    /// True if one of the measures is worse than beside it by more than chance, however little.
    fn calls(&self, measured: &[Measured], beside: &[Measured], comparisons: usize) -> bool {
        let bound = 2.0 * (self.windows * comparisons as f64).ln();
        let pairs = measured.iter().zip(beside).filter(|(a, b)| a.people > 0.0 && b.people > 0.0);
        pairs.into_iter().any(|(a, b)| a.is_worse_than(b) && deviance(a, b) > bound)
    }
}

/// The value of a measure, and the number of people behind it.
#[derive(Clone, Copy)]
struct Measured {
    value: f64,
    people: f64,
    less_is_better: bool,
}

impl Measured {
    fn share(right: f64, people: f64) -> Self {
        Self { value: right / people, people, less_is_better: false }
    }

    fn error(sum: f64, people: f64) -> Self {
        Self { value: sum / people, people, less_is_better: true }
    }

    fn is_worse_than(&self, other: &Self) -> bool {
        if self.less_is_better { self.value > other.value } else { self.value < other.value }
    }
}

/// The likelihood ratio statistic of two shares.
fn deviance(a: &Measured, b: &Measured) -> f64 {
    let log = |p: f64| p * p.max(1e-9).ln() + (1.0 - p) * (1.0 - p).max(1e-9).ln();
    let people = a.people + b.people;
    let pooled = (a.value * a.people + b.value * b.people) / people;
    2.0 * (a.people * log(a.value) + b.people * log(b.value) - people * log(pooled))
}

/// The number of successes, drawn by its distribution function.
struct Binomial(Vec<f64>);

impl Binomial {
    fn new(trials: usize, p: f64) -> Self {
        // From the mode to both sides, so that nothing is lost below the smallest number.
        let mode = (trials as f64 * p) as usize;
        let odds = p / (1.0 - p);
        let mut weights = vec![0.0; trials + 1];
        weights[mode] = 1.0;
        for k in mode..trials {
            weights[k + 1] = weights[k] * odds * (trials - k) as f64 / (k + 1) as f64;
        }
        for k in (0..mode).rev() {
            weights[k] = weights[k + 1] / odds * (k + 1) as f64 / (trials - k) as f64;
        }
        let sum: f64 = weights.iter().sum();
        let mut below = 0.0;
        Self(
            weights
                .iter()
                .map(|weight| {
                    below += weight / sum;
                    below
                })
                .collect(),
        )
    }

    fn draw(&self, random: &mut Rng) -> f64 {
        let place = random.f64();
        self.0.partition_point(|below| *below <= place).min(self.0.len() - 1) as f64
    }
}

/// A calibrated model of two classes, and the people of a window by their probabilities.
struct People(Vec<(f64, f64, Binomial)>);

impl People {
    fn new(probabilities: &[f64], people: usize) -> Self {
        let each = people.div_ceil(probabilities.len());
        Self(probabilities.iter().map(|p| (*p, each as f64, Binomial::new(each, *p))).collect())
    }

    /// Accuracy, sensitivity, specificity and Brier score of a sample.
    fn measure(&self, random: &mut Rng) -> [Measured; 4] {
        let [mut right, mut people, mut squares] = [0.0; 3];
        let [mut events, mut events_found, mut none_found] = [0.0; 3];
        for (p, each, binomial) in &self.0 {
            let event = binomial.draw(random);
            if *p >= 0.5 {
                events_found += event;
            } else {
                none_found += each - event;
            }
            right += if *p >= 0.5 { event } else { each - event };
            squares += event * (1.0 - p).powi(2) + (each - event) * p.powi(2);
            (people, events) = (people + each, events + event);
        }
        [
            Measured::share(right, people),
            Measured::share(events_found, events),
            Measured::share(none_found, people - events),
            Measured::error(squares, people),
        ]
    }
}

const EVEN: [f64; 5] = [0.05, 0.2, 0.5, 0.8, 0.95];
const RARE: [f64; 5] = [0.001, 0.004, 0.01, 0.03, 0.6];

#[test]
fn a_window_like_the_card_is_no_alert_for_any_number_of_people() {
    let rule = Rule::read();
    let mut random = Rng::with_seed(33);
    for probabilities in [EVEN, RARE] {
        for (card, window) in [(50, 50), (50, 5000), (500, 500), (5000, 50), (5000, 5000)] {
            let [card, window] = [card, window].map(|people| People::new(&probabilities, people));
            let calls = (0..WINDOWS).filter(|_| {
                let measured = window.measure(&mut random);
                rule.calls(&measured, &card.measure(&mut random), measured.len())
            });
            let calls = calls.count();
            println!("{calls} of {WINDOWS}");
            assert!(calls <= MOST_FALSE_ALARMS, "{calls}");
        }
    }
}

#[test]
fn none_of_twenty_subgroups_falls_behind_by_chance() {
    let rule = Rule::read();
    let mut random = Rng::with_seed(20);
    for (probabilities, people) in [(EVEN, 100), (EVEN, 2000), (RARE, 1000)] {
        // Two features of ten subgroups, the first of them ten times as large as the last.
        let sizes = (1..=10).map(|place| People::new(&probabilities, people / place));
        let groups: Vec<_> = sizes.collect();
        let calls = (0..WINDOWS).filter(|_| {
            (0..2).any(|_| {
                let measured: Vec<_> =
                    groups.iter().map(|group| group.measure(&mut random)).collect();
                let is_behind =
                    |group: &[Measured; 4]| rule.calls(group, &others(group, &measured), 80);
                measured.iter().any(is_behind)
            })
        });
        let calls = calls.count();
        println!("{calls} of {WINDOWS}");
        assert!(calls <= MOST_FALSE_ALARMS, "{calls}");
    }
}

/// The measures of everyone outside a subgroup.
fn others(group: &[Measured; 4], all: &[[Measured; 4]]) -> [Measured; 4] {
    let mut others = *group;
    for (index, other) in others.iter_mut().enumerate() {
        let of_all = || all.iter().map(|measured| measured[index]).filter(|m| m.people > 0.0);
        let sum: f64 = of_all().map(|measured| measured.value * measured.people).sum();
        let people: f64 = of_all().map(|measured| measured.people).sum();
        let own = if other.people > 0.0 { other.value * other.people } else { 0.0 };
        let rest = people - other.people;
        *other = Measured { value: (sum - own) / rest, people: rest, ..*other };
    }
    others
}

#[test]
fn errors_of_a_hundred_people_are_no_alert_however_they_are_spread() {
    let rule = Rule::read();
    let mut random = Rng::with_seed(100);
    let spreads: [fn(f64) -> f64; 3] = [|u| u, |u| -(1.0 - u).ln(), |u| (1.0 - u).powf(-0.3)];
    for spread in spreads {
        let mut sample = || {
            let people = rule.least_people;
            let [mut sum, mut squares] = [0.0; 2];
            for _ in 0..people as usize {
                let error = spread(random.f64());
                sum += error;
                squares += error * error;
            }
            let mean = sum / people;
            (mean, squares / people - mean * mean, people)
        };
        let calls = (0..WINDOWS).filter(|_| {
            let ((mean, variance, people), (card, _, of_card)) = (sample(), sample());
            let deviance = (mean - card).powi(2) / ((1.0 / people + 1.0 / of_card) * variance);
            mean > card && deviance > 2.0 * rule.windows.ln()
        });
        let calls = calls.count();
        println!("{calls} of {WINDOWS}");
        assert!(calls <= MOST_FALSE_ALARMS, "{calls}");
    }
}

#[test]
fn five_points_are_an_alert_for_six_thousand_people_and_not_for_three_hundred() {
    let rule = Rule::read();
    let mut random = Rng::with_seed(5);
    let mut seen = |people: usize| {
        let [card, window] = [0.8, 0.75].map(|accuracy| Binomial::new(people, accuracy));
        let mut accuracy =
            |right: &Binomial| [Measured::share(right.draw(&mut random), people as f64)];
        let calls = (0..1000).filter(|_| rule.calls(&accuracy(&window), &accuracy(&card), 4));
        calls.count()
    };
    let (many, few) = (seen(6000), seen(300));
    println!("{many} and {few} of 1000");
    assert!(many > 900 && few < 50, "{many} and {few}");
}
