//! Several numbers in one counter of 63 bits, which one increment raises together.
//!
//! A word has fields, lowest first. Each field keeps a number below its *unit*, a quarter of what
//! it could hold; what exceeds it is carried into a counter of the field's own by the request that
//! made it exceed (see `counter`). The room above the unit holds what is not carried yet. What is
//! large is counted apart, so that one increment raises a field by less than a *grain*: it takes
//! many requests, all between an increment and a carry, for a field to run over into the next one.

/// The most fields a word has.
pub const MAX_FIELDS: usize = 3;

/// A number for each field; those that the layout does not have are 0.
pub type Amounts = [u64; MAX_FIELDS];

/// The widths of a word's fields in bits, lowest first, 63 in all at the most.
#[derive(Debug)]
pub struct Layout(pub &'static [u32]);

/// How many grains a unit has.
pub const GRAINS: u64 = 32;

impl Layout {
    /// What a field keeps less than.
    pub fn unit(&self, field: usize) -> u64 {
        1 << (self.0[field] - 2)
    }

    /// From where on an amount is large, and how much its counter counts as one.
    pub fn grain(&self, field: usize) -> u64 {
        self.unit(field) / GRAINS
    }

    /// What to add to the word for these amounts, and the grains that are counted apart.
    pub fn pack(&self, amounts: &Amounts) -> (i64, Amounts) {
        let mut grains = [0; MAX_FIELDS];
        let mut word = 0;
        for field in 0..self.0.len() {
            grains[field] = amounts[field] / self.grain(field);
            word |= (amounts[field] % self.grain(field)) << self.offset(field);
        }
        (word as i64, grains)
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

    const LAYOUT: Layout = Layout(&[8, 12, 9]);

    #[test]
    fn fields_keep_apart() {
        let (word, grains) = LAYOUT.pack(&[1, 31, 3]);
        assert_eq!(grains, [0, 0, 0]);
        assert_eq!(LAYOUT.unpack(word), [1, 31, 3]);
    }

    #[test]
    fn what_is_large_becomes_grains() {
        let (word, grains) = LAYOUT.pack(&[9, 64, 0]);
        assert_eq!((LAYOUT.unpack(word), grains), ([1, 0, 0], [4, 2, 0]));
    }

    #[test]
    fn only_the_increment_that_crosses_finds_the_crossing() {
        assert_eq!(LAYOUT.crossed(1, 63), [0, 0, 0]);
        assert_eq!(LAYOUT.crossed(1, 64), [1, 0, 0]);
        assert_eq!(LAYOUT.crossed(1, 65), [0, 0, 0]);
        assert_eq!(LAYOUT.take_out(&[1, 0, 0]), -64);
    }

    #[test]
    fn a_word_of_the_widest_layout_stays_positive() {
        let layout = Layout(&[63]);
        let (word, grains) = layout.pack(&[u64::MAX, 0, 0]);
        assert!(word > 0 && grains[0] == 8 * GRAINS - 1);
    }
}
