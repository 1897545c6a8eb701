//! The equations of Khan et al. (2023), known as PREVENT: the risk of cardiovascular disease in 10
//! and in 30 years. The American Heart Association does not endorse this implementation.
//!
//! [`Equations::risks`] is the formula, `terms.rs` has the terms, and `coefficients.rs` the published
//! tables. [`notes`] describes the inputs and the outputs for both models.
#![cfg_attr(target_arch = "wasm32", no_std)]

#[rustfmt::skip]
mod coefficients;
pub mod notes;
mod person;
mod terms;

pub use coefficients::{TEN_YEARS, THIRTY_YEARS};
pub use person::{Person, REFERENCE, inputs};

use terms::Row;

/// The equations of one horizon: a table for each choice of known values.
pub struct Equations {
    base: &'static [Row],
    uacr: &'static [Row],
    hba1c: &'static [Row],
    sdi: &'static [Row],
    full: &'static [Row],
}

impl Equations {
    /// Returns the risks of a person in percent: of total cardiovascular disease, atherosclerotic
    /// disease, heart failure, coronary disease and stroke.
    pub fn risks(&self, person: &Person) -> [f64; 5] {
        let mut log_odds = [0.0; 5];
        for (term, coefficients) in self.table(person) {
            let value = term.value(person);
            // Women's coefficients and men's take turns.
            let own = coefficients.iter().skip(usize::from(!person.is_female)).step_by(2);
            log_odds.iter_mut().zip(own).for_each(|(sum, own)| *sum += own * value);
        }
        log_odds.map(|log_odds| 100.0 / (1.0 + libm::exp(-log_odds)))
    }

    /// Returns the table for a person: with one of HbA1c, uACR and SDI its own, with two or three
    /// the full one, and else the base.
    fn table(&self, person: &Person) -> &'static [Row] {
        match (person.hba1c, person.uacr, person.sdi_decile) {
            (None, None, None) => self.base,
            (None, Some(_), None) => self.uacr,
            (Some(_), None, None) => self.hba1c,
            (None, None, Some(_)) => self.sdi,
            _ => self.full,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The person of the published answers. Both answers of a test are to eight digits.
    fn person(is_female: bool) -> Person {
        Person {
            age: 50.0,
            is_female,
            total_cholesterol: 200.0,
            hdl_cholesterol: 45.0,
            systolic_pressure: 160.0,
            has_diabetes: true,
            smokes: false,
            bmi: 35.0,
            egfr: 90.0,
            takes_antihypertensives: true,
            takes_statin: false,
            hba1c: None,
            uacr: None,
            sdi_decile: None,
        }
    }

    /// Another person, with values on the other side of each bend.
    fn other_person(is_female: bool) -> Person {
        Person {
            age: 62.0,
            is_female,
            total_cholesterol: 250.0,
            hdl_cholesterol: 60.0,
            systolic_pressure: 104.0,
            has_diabetes: false,
            smokes: true,
            bmi: 24.0,
            egfr: 42.0,
            takes_antihypertensives: false,
            takes_statin: true,
            hba1c: None,
            uacr: None,
            sdi_decile: None,
        }
    }

    fn assert_risks(equations: &Equations, person: &Person, expected: [f64; 5]) {
        for (found, expected) in equations.risks(person).into_iter().zip(expected) {
            assert!((found / 100.0 - expected).abs() < 5.1e-9, "{found} % for {expected}");
        }
    }

    /// Checks the answers for a woman and a man in 10 and in 30 years, with other values known.
    fn assert_all(with: impl Fn(Person) -> Person, expected: [[f64; 5]; 4]) {
        let [ten_female, ten_male, thirty_female, thirty_male] = expected;
        let (woman, man) = (with(person(true)), with(person(false)));
        assert_risks(&TEN_YEARS, &woman, ten_female);
        assert_risks(&TEN_YEARS, &man, ten_male);
        assert_risks(&THIRTY_YEARS, &woman, thirty_female);
        assert_risks(&THIRTY_YEARS, &man, thirty_male);
    }

    #[test]
    fn the_base_equations_give_the_published_risks() {
        assert_all(
            |person| person,
            [
                [0.14683939, 0.09195090, 0.08056097, 0.04409667, 0.05400779],
                [0.16317056, 0.10194363, 0.10591096, 0.05566086, 0.05207070],
                [0.52985039, 0.35425520, 0.38960227, 0.19818169, 0.22100434],
                [0.51439765, 0.34859404, 0.42359679, 0.21573185, 0.19732938],
            ],
        );
    }

    #[test]
    fn a_known_hba1c_gives_the_risks_of_its_own_equations() {
        assert_all(
            |person| Person { hba1c: Some(9.2), ..person },
            [
                [0.16485616, 0.10265176, 0.10725668, 0.05527137, 0.05311213],
                [0.18667569, 0.11177040, 0.12985336, 0.06285088, 0.05553483],
                [0.54050531, 0.35573388, 0.44907656, 0.21863637, 0.20045910],
                [0.52374003, 0.33963455, 0.45651017, 0.21109442, 0.18808122],
            ],
        );
    }

    #[test]
    fn a_known_uacr_gives_the_risks_of_its_own_equations() {
        assert_all(
            |person| Person { uacr: Some(92.0), ..person },
            [
                [0.18101920, 0.11121459, 0.10537282, 0.05451637, 0.06535724],
                [0.19532700, 0.12260324, 0.13014118, 0.06609875, 0.06343764],
                [0.56507346, 0.38080110, 0.43677101, 0.21956405, 0.24086873],
                [0.53477381, 0.36807581, 0.44794796, 0.22720520, 0.21299104],
            ],
        );
    }

    #[test]
    fn a_known_sdi_gives_the_risks_of_its_own_equations() {
        for (is_female, expected) in [
            (true, [0.12716078, 0.08027981, 0.07042615, 0.03802144, 0.04714011]),
            (false, [0.14277192, 0.08821962, 0.08887040, 0.04948141, 0.04323014]),
        ] {
            let person = Person { sdi_decile: Some(3.0), ..person(is_female) };
            assert_risks(&TEN_YEARS, &person, expected);
        }
    }

    #[test]
    fn all_three_known_give_the_risks_of_the_full_equations() {
        let all =
            |person| Person { hba1c: Some(9.2), uacr: Some(92.0), sdi_decile: Some(3.0), ..person };
        assert_all(
            all,
            [
                [0.17410646, 0.10503872, 0.11400374, 0.05571325, 0.05629153],
                [0.19149803, 0.11191999, 0.13109405, 0.06751056, 0.05161568],
                [0.53401596, 0.34791949, 0.44320226, 0.21268433, 0.20371086],
                [0.51320063, 0.32559676, 0.43754372, 0.21620779, 0.16714321],
            ],
        );
    }

    #[test]
    fn values_beyond_the_bends_give_the_published_risks() {
        for (is_female, base, full) in [
            (
                true,
                [0.12439041, 0.07145717, 0.07701664, 0.03975504, 0.03450238],
                [0.08416217, 0.05180629, 0.05455722, 0.02766324, 0.02680538],
            ),
            (
                false,
                [0.16275150, 0.09357189, 0.09598884, 0.05678647, 0.04396129],
                [0.11780727, 0.07319502, 0.06988387, 0.04248420, 0.03639474],
            ),
        ] {
            let person = other_person(is_female);
            assert_risks(&TEN_YEARS, &person, base);
            // One of the three stays unknown.
            let person = Person { hba1c: Some(5.9), sdi_decile: Some(8.0), ..person };
            assert_risks(&TEN_YEARS, &person, full);
        }
    }
}
