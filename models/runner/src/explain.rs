//! Contributions of features to answers.

use crate::budget::Budget;
use crate::evaluate::Failure;
use crate::predict::{evaluate_rows, fill, number};
use crate::table::{self, Attribution as Place, NONE, Table, number_of};
use alloc::vec;
use alloc::vec::Vec;
use predictor_abi::{
    Attribution, Explanation, List, Maybe, Refusal, RefusalReason, Value, collect, scratch,
    shapley, text,
};

/// The number of sampled pairs of permutations: one, and its reverse.
pub const PAIRS: usize = 64;

/// The refusal of a row if it, or a row mixed from it and the reference person, has no answer.
const NO_ANSWER: Explanation = Explanation::Err(Refusal {
    reason: RefusalReason::Unanswerable,
    feature: Maybe::None,
    message: text(
        "the model has no answer for a mixture of these values and those of its reference person",
    ),
});

/// Explains a batch, row after row, in the layout of [`predict`](crate::predict::predict).
///
/// `reference` is the reference person, one value for each feature; methods without one ignore it.
/// A row without a finite explanation is refused as [`RefusalReason::Unanswerable`].
pub fn explain(
    program: Table<'static>,
    values: &[Value],
    reference: &[Value],
) -> List<Explanation> {
    let features = (program.header.features as usize).max(1);
    let rows = values.chunks_exact(features);
    let Ok(Some(explanation)) = program.explanation() else {
        return collect(rows.len(), rows.map(|_| NO_ANSWER));
    };
    let places = explanation.attributions().unwrap_or_default();
    // Only the results of a row outlive its block.
    let mut results = Vec::with_capacity(rows.len() * places.len() * width_of(features));
    for block in values.chunks(features * (program.header.block as usize).max(1)) {
        // SAFETY: only numbers leave the block, into room taken before it.
        unsafe {
            scratch(|| add(program, explanation, block, reference, &mut results));
        }
    }
    let results = collect(results.len(), results.iter().copied()).as_slice();
    let width = places.len() * width_of(features);
    let explanation = |row: usize| match results.get(row * width..(row + 1) * width) {
        Some(numbers) if numbers.iter().all(|number| number.is_finite()) => {
            explanation_of(explanation, places, numbers, features)
        }
        _ => NO_ANSWER,
    };
    collect(rows.len(), (0..rows.len()).map(explanation))
}

/// Returns the count of numbers of an attribution: its base, and for each feature a contribution
/// and a deviation.
const fn width_of(features: usize) -> usize {
    features * 2 + 1
}

fn explanation_of(
    program: Table,
    places: &[Place],
    numbers: &'static [f64],
    features: usize,
) -> Explanation {
    let is_sampled = program.header.method == table::PERMUTATIONS;
    let parts = places.iter().zip(numbers.chunks_exact(width_of(features)));
    let attributions = parts.map(|(place, numbers)| {
        let (base, numbers) = numbers.split_at(1);
        let (contributions, deviations) = numbers.split_at(features);
        Attribution {
            output: place.output,
            class: if place.class == NONE { Maybe::None } else { Maybe::Some(place.class) },
            base: base[0],
            contributions: List::of(contributions),
            deviations: if is_sampled { List::of(deviations) } else { List::EMPTY },
        }
    });
    Explanation::Ok(collect(places.len(), attributions))
}

/// Adds the numbers of a block of rows to `results`: for each attribution its base, the
/// contributions and their deviations. A row without an explanation has NaN.
fn add(
    program: Table<'static>,
    explanation: Table<'static>,
    values: &[Value],
    reference: &[Value],
    results: &mut Vec<f64>,
) {
    let features = program.header.features as usize;
    let places = explanation.attributions().unwrap_or_default();
    let width = places.len() * width_of(features);
    let rows = values.chunks_exact(features.max(1));
    match explain_rows(program, values, reference, Budget::UNBOUNDED) {
        Ok(numbers) if numbers.len() == rows.len() * width => results.extend_from_slice(&numbers),
        _ if rows.len() > 1 => {
            rows.for_each(|row| add(program, explanation, row, reference, results));
        }
        _ => results.extend(core::iter::repeat_n(f64::NAN, width)),
    }
}

/// Returns the numbers of all rows' explanations, row after row: for each attribution its base, a
/// contribution of each feature, and a deviation of each feature, 0 if the method is exact.
///
/// # Errors
///
/// If a node has no output for these rows: the failure of this node.
pub fn explain_rows(
    program: Table,
    values: &[Value],
    reference: &[Value],
    budget: Budget,
) -> core::result::Result<Vec<f64>, Failure> {
    let features = program.header.features as usize;
    let Some(explanation) = program.explanation()? else { return Ok(Vec::new()) };
    let places = explanation.attributions()?;
    let rows = values.chunks_exact(features.max(1));
    if explanation.header.method == table::CONTRIBUTIONS {
        return contributions(explanation, places, values, budget);
    }
    let mut numbers = Vec::new();
    for row in rows {
        let game = Game { program, row, reference, budget };
        numbers.extend(match explanation.header.method {
            table::COALITIONS => game.coalitions(places)?,
            _ => game.permutations(places)?,
        });
    }
    Ok(numbers)
}

/// Reads the contributions from the slots of the explanation's program.
fn contributions(
    explanation: Table,
    places: &[Place],
    values: &[Value],
    budget: Budget,
) -> core::result::Result<Vec<f64>, Failure> {
    let features = explanation.header.features as usize;
    let rows = values.len() / features.max(1);
    let slots = fill(explanation, values, rows, budget)?;
    let mut numbers = Vec::with_capacity(rows * places.len() * width_of(features));
    for row in 0..rows {
        for place in places {
            let tensor = slots.get(place.source)?;
            let factor = number_of(place.factor);
            numbers.push(number_of(place.base));
            for feature in 0..features {
                let contribution = number(tensor, row, place.first as usize + feature, rows)?;
                numbers.push(contribution * factor);
            }
            numbers.extend(core::iter::repeat_n(0.0, features));
        }
    }
    Ok(numbers)
}

/// A row and the reference person, whose values take part in turn.
struct Game<'g> {
    program: Table<'g>,
    row: &'g [Value],
    reference: &'g [Value],
    budget: Budget,
}

impl Game<'_> {
    /// Returns the numbers of the answer to each mixed row. `takes_part` is true if a feature of a
    /// mixed row has the value of the row itself.
    fn answers(
        &self,
        rows: usize,
        takes_part: impl Fn(usize, usize) -> bool,
    ) -> core::result::Result<Vec<f64>, Failure> {
        let block = (self.program.header.block as usize).max(1);
        let mut numbers = Vec::new();
        let mut mixed = Vec::with_capacity(block * self.row.len());
        for first in (0..rows).step_by(block) {
            mixed.clear();
            for place in first..rows.min(first + block) {
                let cells = self.row.iter().zip(self.reference).enumerate();
                mixed.extend(cells.map(
                    |(feature, (own, other))| {
                        if takes_part(place, feature) { *own } else { *other }
                    },
                ));
            }
            numbers.extend(evaluate_rows(self.program, &mixed, self.budget)?);
        }
        Ok(numbers)
    }

    /// Computes exact Shapley values.
    fn coalitions(&self, places: &[Place]) -> core::result::Result<Vec<f64>, Failure> {
        let features = self.row.len();
        let rows = 1 << features;
        let answers = self.answers(rows, |coalition, feature| coalition >> feature & 1 == 1)?;
        let width = answers.len() / rows;
        let mut numbers = Vec::new();
        for place in places {
            let answer = |coalition: usize| {
                let place = coalition * width + place.source as usize;
                answers.get(place).copied().unwrap_or(f64::NAN)
            };
            numbers.push(answer(0));
            let values = (0..features).map(|one| shapley::value(features, one, answer));
            numbers.extend(values);
            numbers.extend(core::iter::repeat_n(0.0, features));
        }
        Ok(numbers)
    }

    /// Estimates Shapley values by [`PAIRS`] of permutations, and their standard errors.
    fn permutations(&self, places: &[Place]) -> core::result::Result<Vec<f64>, Failure> {
        let features = self.row.len();
        let mut order: Vec<usize> = (0..features).collect();
        let mut random = Random(SEED);
        // The sum and the sum of squares of each feature's changes, for each place.
        let mut sums = vec![[0.0; 2]; places.len() * features];
        let mut bases = vec![f64::NAN; places.len()];
        for pair in 0..PAIRS {
            // Each feature joins at each place once before a new order, so the estimate has no error
            // from places.
            if pair.is_multiple_of(features) {
                random.shuffle(&mut order);
            }
            order.rotate_left(1);
            let mut rank = vec![0; features];
            order.iter().enumerate().for_each(|(at, feature)| rank[*feature] = at);
            // First the features join in this order, then in the reverse one.
            let joined = |row: usize, feature: usize| match row.checked_sub(features + 1) {
                None => rank[feature] < row,
                Some(row) => features - 1 - rank[feature] < row,
            };
            let answers = self.answers(2 * (features + 1), joined)?;
            let width = answers.len() / (2 * (features + 1));
            for (index, place) in places.iter().enumerate() {
                let answer = |row: usize| {
                    let place = row * width + place.source as usize;
                    answers.get(place).copied().unwrap_or(f64::NAN)
                };
                bases[index] = answer(0);
                for feature in 0..features {
                    let (forth, back) =
                        (rank[feature], features + 1 + features - 1 - rank[feature]);
                    let change =
                        (answer(forth + 1) - answer(forth) + answer(back + 1) - answer(back)) / 2.0;
                    let [sum, squares] = &mut sums[index * features + feature];
                    *sum += change;
                    *squares += change * change;
                }
            }
        }
        let mut numbers = Vec::new();
        for (base, sums) in bases.iter().zip(sums.chunks_exact(features.max(1))) {
            let pairs = PAIRS as f64;
            numbers.push(*base);
            numbers.extend(sums.iter().map(|[sum, _]| sum / pairs));
            numbers.extend(sums.iter().map(|[sum, squares]| {
                let variance = (squares - sum * sum / pairs).max(0.0) / (pairs - 1.0);
                libm::sqrt(variance / pairs)
            }));
        }
        Ok(numbers)
    }
}

/// The seed of the permutations. Equal rows get equal explanations.
const SEED: u64 = 0x9e37_79b9_7f4a_7c15;

/// A generator of pseudo-random numbers: SplitMix64, by Steele, Lea and Flood, 2014.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(SEED);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    fn shuffle(&mut self, items: &mut [usize]) {
        for end in (1..items.len()).rev() {
            items.swap(end, (self.next() >> 32) as usize % (end + 1));
        }
    }
}
