//! Shapley values of any model of a few features, against a reference person.
//!
//! A coalition is a set of features. Its row takes them from the client's row, and all others from
//! the reference person. A feature's contribution is the mean change of the answer when it joins a
//! coalition, over all orders of joining: L. S. Shapley, "A value for n-person games", 1953.

use crate::export::{Model, collect, zeros};
use crate::scratch;
use crate::types::{
    Answer, Attribution, Explanation, List, Maybe, Output, OutputKind, OutputNotes, Refusal,
    RefusalReason, Value, text,
};

/// The limit on features: 65,536 coalitions.
pub const MAX_FEATURES: usize = 16;

/// Explains one row of a model by all coalitions of its features, on the scales
/// [`Scale::Probability`](crate::Scale::Probability) and
/// [`Scale::Quantity`](crate::Scale::Quantity).
///
/// `reference` is the reference person, one value for each feature. Probabilities are those of the
/// answer; an answer of two classes without them has a confidence instead. The model is asked once
/// for each coalition, and all memory of that call is freed.
///
/// Refuses a row of more than [`MAX_FEATURES`] features, or if the model refuses the row of a
/// coalition.
pub fn coalitions<M: Model>(row: &'static [Value], reference: &'static [Value]) -> Explanation {
    let features = row.len();
    if features > MAX_FEATURES || reference.len() != features {
        return Explanation::Err(unanswerable("it has too many features to be explained"));
    }
    let width = targets(M::DESCRIPTION.outputs.as_slice()).count();
    // The base and the contributions of each target. All other memory is freed: the numbers of all
    // coalitions take a megabyte for some models, and there may be many rows.
    let parts = zeros(width * (features + 1));
    let mut refused = None;
    // SAFETY: only numbers leave the work.
    unsafe { scratch(|| refused = explain::<M>(row, reference, parts).err()) };
    // The memory of the refusal is free again, so ask for another.
    if let Some(coalition) = refused
        && let Answer::Err(refusal) = M::predict(mixed(row, reference, coalition))
    {
        return Explanation::Err(refusal);
    }
    let parts = parts.chunks_exact(features + 1);
    let targets = targets(M::DESCRIPTION.outputs.as_slice());
    let attributions = targets.zip(parts).filter_map(|((output, class), parts)| {
        let (base, contributions) = parts.split_first()?;
        let contributions = collect(features, contributions.iter().copied());
        Some(Attribution { output, class, base: *base, contributions, deviations: List::EMPTY })
    });
    Explanation::Ok(collect(width, attributions))
}

/// Writes the base and the contributions of each target to `parts`.
///
/// # Errors
///
/// The first coalition with a row that the model refuses.
fn explain<M: Model>(
    row: &'static [Value],
    reference: &'static [Value],
    parts: &mut [f64],
) -> Result<(), usize> {
    let features = row.len();
    let outputs = M::DESCRIPTION.outputs.as_slice();
    let width = targets(outputs).count();
    // The number of each target for each coalition, a bit for each feature.
    let numbers = zeros(width << features);
    for (coalition, numbers) in numbers.chunks_exact_mut(width.max(1)).enumerate() {
        let mut is_refused = false;
        let ask = || match M::predict(mixed(row, reference, coalition)) {
            Answer::Ok(prediction) => {
                let found = targets_of(outputs, prediction.as_slice());
                numbers.iter_mut().zip(found).for_each(|(place, number)| *place = number);
            }
            Answer::Err(_) => is_refused = true,
        };
        // SAFETY: only numbers leave the call.
        unsafe { scratch(ask) };
        if is_refused {
            return Err(coalition);
        }
    }
    let number = |coalition: usize, target: usize| {
        numbers.get(coalition * width + target).copied().unwrap_or(f64::NAN)
    };
    for (target, parts) in parts.chunks_exact_mut(features + 1).enumerate() {
        if let Some((base, contributions)) = parts.split_first_mut() {
            *base = number(0, target);
            for (feature, place) in contributions.iter_mut().enumerate() {
                *place = value(features, feature, |coalition| number(coalition, target));
            }
        }
    }
    Ok(())
}

/// Makes the row of a coalition: its features from `row`, the others from `reference`.
fn mixed(row: &'static [Value], reference: &'static [Value], coalition: usize) -> &'static [Value] {
    let cells = row.iter().zip(reference).enumerate();
    let cells = cells.map(
        |(feature, (own, other))| {
            if coalition >> feature & 1 == 1 { *own } else { *other }
        },
    );
    collect(row.len(), cells).as_slice()
}

/// Returns the Shapley value of a feature: `number` has the answer for each coalition, a bit for
/// each feature.
///
/// The result has the unit of `number`. Its work doubles with each feature.
pub fn value(features: usize, feature: usize, number: impl Fn(usize) -> f64) -> f64 {
    let joins = (0..1_usize << features).filter(|coalition| coalition >> feature & 1 == 0);
    // The changes of coalitions of one size have one weight.
    let mut changes = [0.0; usize::BITS as usize];
    for coalition in joins {
        if let Some(change) = changes.get_mut(coalition.count_ones() as usize) {
            *change += number(coalition | 1 << feature) - number(coalition);
        }
    }
    let sizes = changes.iter().take(features).enumerate();
    sizes.map(|(before, change)| change * weight(features, before)).sum()
}

/// The proportion of orders in which a feature joins after exactly one set of `before` others:
/// `before! (features - 1 - before)! / features!`.
fn weight(features: usize, before: usize) -> f64 {
    let orders = (0..before).fold(features as f64, |product, at| {
        product * (features - 1 - at) as f64 / (at + 1) as f64
    });
    1.0 / orders
}

/// The explained numbers of a model: an output, and a class for an output of classes. Two classes
/// have one number, of the positive class, or else of the second.
fn targets(outputs: &'static [OutputNotes]) -> impl Iterator<Item = (u32, Maybe<u32>)> {
    outputs.iter().enumerate().flat_map(|(output, notes)| {
        let classes = match &notes.kind {
            OutputKind::Quantity(_) => None,
            OutputKind::Classes(labels) if labels.as_slice().len() == 2 => {
                let positive = if let Maybe::Some(class) = notes.positive { class } else { 1 };
                Some(positive..positive + 1)
            }
            OutputKind::Classes(labels) => Some(0..labels.as_slice().len() as u32),
        };
        let quantity = if classes.is_none() { Some(Maybe::None) } else { None };
        let classes = classes.into_iter().flatten().map(Maybe::Some);
        classes.chain(quantity).map(move |class| (output as u32, class))
    })
}

/// The number of each target in a prediction; NaN if the model states none.
fn targets_of(
    outputs: &'static [OutputNotes],
    prediction: &'static [Output],
) -> impl Iterator<Item = f64> {
    targets(outputs).map(|(output, class)| {
        let (Some(output), Some(notes)) =
            (prediction.get(output as usize), outputs.get(output as usize))
        else {
            return f64::NAN;
        };
        match (output, class) {
            (Output::Quantity(number), _) => *number,
            (Output::Class(answer), Maybe::Some(class)) => {
                let probability = answer.probabilities.as_slice().get(class as usize);
                probability.copied().unwrap_or_else(|| {
                    let Maybe::Some(confidence) = answer.confidence else { return f64::NAN };
                    let OutputKind::Classes(labels) = &notes.kind else { return f64::NAN };
                    let is_class = labels.as_slice().get(class as usize) == Some(&answer.label);
                    if is_class { confidence } else { 1.0 - confidence }
                })
            }
            _ => f64::NAN,
        }
    })
}

fn unanswerable(message: &'static str) -> Refusal {
    Refusal { reason: RefusalReason::Unanswerable, feature: Maybe::None, message: text(message) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_features_share_their_product_in_equal_parts() {
        // v({}) = 1, v({0}) = 3, v({1}) = 1, v({0, 1}) = 9.
        let number = |coalition: usize| [1.0, 3.0, 1.0, 9.0][coalition];
        assert_eq!(value(2, 0, number), 5.0);
        assert_eq!(value(2, 1, number), 3.0);
    }

    #[test]
    fn contributions_add_up_to_the_change_from_the_reference_to_the_row() {
        let number = |coalition: usize| ((coalition * 37 + 11) % 101) as f64 / 7.0;
        for features in 1..=10 {
            let sum: f64 = (0..features).map(|one| value(features, one, number)).sum();
            let change = number((1 << features) - 1) - number(0);
            assert!((sum - change).abs() < 1e-12, "{features}: {sum} for {change}");
        }
    }
}
