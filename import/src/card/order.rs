//! Detects columns with values in a fixed order, such as hours and weekdays.

use std::collections::HashMap;

/// The number of values in a cycle. Two values always alternate, and a month has up to 31 days.
const VALUES: std::ops::RangeInclusive<usize> = 3..=31;

/// The fewest rounds through all values.
const ROUNDS: usize = 2;

/// The least proportion of changes to the usual next value.
const REGULAR: f64 = 0.9;

/// Counts the changes from one value of a column to the next.
#[derive(Default)]
pub struct Order {
    /// The value of the last row.
    last: Option<String>,
    /// The number of changes, by the values before and after.
    changes: HashMap<(String, String), usize>,
    is_irregular: bool,
}

impl Order {
    /// Adds the value of the next row.
    pub fn add(&mut self, value: &str) {
        if self.is_irregular || self.last.as_deref() == Some(value) {
            return;
        }
        if let Some(last) = self.last.replace(value.to_owned()) {
            *self.changes.entry((last, value.to_owned())).or_default() += 1;
            // In a cycle, nearly all changes from a value go to the same next value.
            self.is_irregular = self.changes.len() > 4 * VALUES.end();
        }
    }

    /// True if the rows repeat the values in a fixed order. An hour of requests then has other
    /// values than the data, without any drift.
    pub fn is_cyclic(&self) -> bool {
        // The most frequent change from each value.
        let mut next: HashMap<&str, (usize, &str)> = HashMap::new();
        for ((from, to), count) in &self.changes {
            let most = next.entry(from).or_default();
            *most = (*most).max((*count, to));
        }
        let changes: usize = self.changes.values().sum();
        let regular: usize = next.values().map(|(count, _)| count).sum();
        !self.is_irregular
            && VALUES.contains(&next.len())
            && changes >= ROUNDS * next.len()
            && regular as f64 >= REGULAR * changes as f64
            && round(&next) == Some(next.len())
    }
}

/// Counts the steps from one value back to itself, by the usual next values; none if there is no
/// way.
///
/// If two values alternate and a third one is rare, the count is lower than the number of values.
fn round(next: &HashMap<&str, (usize, &str)>) -> Option<usize> {
    let first = *next.keys().next()?;
    let mut value = first;
    for steps in 1..=next.len() {
        value = next.get(value)?.1;
        if value == first {
            return Some(steps);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(values: impl Iterator<Item = usize>) -> Order {
        let mut order = Order::default();
        values.for_each(|value| order.add(&value.to_string()));
        order
    }

    #[test]
    fn hours_that_follow_each_other_are_a_cycle() {
        assert!(order((0..500).map(|row| row % 24)).is_cyclic());
        assert!(order((0..500).map(|row| row / 10 % 7)).is_cyclic());
    }

    #[test]
    fn values_at_random_sorted_ones_and_flags_are_no_cycle() {
        assert!(!order((0..500).map(|row| row * 7919 % 101 % 24)).is_cyclic());
        assert!(!order((0..500).map(|row| row / 50)).is_cyclic());
        assert!(!order((0..500).map(|row| row % 2)).is_cyclic());
        assert!(!order(0..500).is_cyclic());
        let with_a_rare_one = |row: usize| if row == 250 { 2 } else { row % 2 };
        assert!(!order((0..500).map(with_a_rare_one)).is_cyclic());
    }
}
