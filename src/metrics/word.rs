//! Several numbers in one counter of 63 bits, which one increment raises together.
//!
//! A word has fields, lowest first. Each field keeps a number below its *unit*, a quarter of what
//! it could hold; what exceeds it is carried into a counter of the field's own, in units, by the
//! request that made it exceed (see `counter`). The room above the unit holds what is not carried
//! yet, so that a field never runs over into the next one.

/// The most fields a word has.
pub const MAX_FIELDS: usize = 3;

/// A number for each field; those that the layout does not have are 0.
pub type Amounts = [u64; MAX_FIELDS];

/// The widths of a word's fields in bits, lowest first, 63 in all at the most.
#[derive(Debug)]
pub struct Layout(pub &'static [u32]);

impl Layout {
    /// How much one carried unit of a field stands for.
    pub fn unit(&self, field: usize) -> u64 {
        1 << (self.0[field] - 2)
    }

    /// What to add to the word for these amounts, and the units that are carried at once because
    /// they would not fit.
    pub fn pack(&self, amounts: &Amounts) -> (i64, Amounts) {
        let mut units = [0; MAX_FIELDS];
        let mut word = 0;
        for field in 0..self.0.len() {
            units[field] = amounts[field] / self.unit(field);
            word |= (amounts[field] % self.unit(field)) << self.offset(field);
        }
        (word as i64, units)
    }

    pub fn unpack(&self, word: i64) -> Amounts {
        let mut amounts = [0; MAX_FIELDS];
        for (field, width) in self.0.iter().enumerate() {
            amounts[field] = (word as u64 >> self.offset(field)) & ((1 << width) - 1);
        }
        amounts
    }

    /// The units by which an increment took the fields over a multiple of their unit. Increments
    /// are atomic, so of all that add to a word exactly one request finds each crossing.
    pub fn crossed(&self, delta: i64, new: i64) -> Amounts {
        let (before, after) = (self.unpack(new - delta), self.unpack(new));
        let mut units = [0; MAX_FIELDS];
        for field in 0..self.0.len() {
            let unit = self.unit(field);
            units[field] = (after[field] / unit).saturating_sub(before[field] / unit);
        }
        units
    }

    /// What to add to the word once these units are carried.
    pub fn take_out(&self, units: &Amounts) -> i64 {
        let field = |field: usize| ((units[field] * self.unit(field)) << self.offset(field)) as i64;
        -(0..self.0.len()).map(field).sum::<i64>()
    }

    /// Whether some request has found a crossing and not yet taken it out.
    pub fn is_carrying(&self, word: i64) -> bool {
        let amounts = self.unpack(word);
        (0..self.0.len()).any(|field| amounts[field] >= self.unit(field))
    }

    fn offset(&self, field: usize) -> u32 {
        self.0[..field].iter().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAYOUT: Layout = Layout(&[4, 8, 6]);

    #[test]
    fn fields_keep_apart() {
        let (word, units) = LAYOUT.pack(&[3, 63, 15]);
        assert_eq!(units, [0, 0, 0]);
        assert_eq!(LAYOUT.unpack(word), [3, 63, 15]);
    }

    #[test]
    fn what_does_not_fit_becomes_units() {
        let (word, units) = LAYOUT.pack(&[9, 64, 0]);
        assert_eq!((LAYOUT.unpack(word), units), ([1, 0, 0], [2, 1, 0]));
    }

    #[test]
    fn only_the_increment_that_crosses_finds_the_crossing() {
        let (three, _) = LAYOUT.pack(&[3, 0, 0]);
        assert_eq!(LAYOUT.crossed(three, three), [0, 0, 0]);
        assert_eq!(LAYOUT.crossed(three, 2 * three), [1, 0, 0]);
        assert_eq!(LAYOUT.take_out(&[1, 0, 0]), -4);
    }

    #[test]
    fn a_word_of_the_widest_layout_stays_positive() {
        let layout = Layout(&[63]);
        let (word, units) = layout.pack(&[u64::MAX, 0, 0]);
        assert!(word > 0 && units[0] == 7);
    }
}
