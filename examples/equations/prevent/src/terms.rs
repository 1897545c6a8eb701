//! The terms of the equations: the factors of the coefficients.

use crate::Person;

/// A term with its coefficients: for each outcome, of women and of men.
pub type Row = (Term, [f64; 10]);

/// A term of the equations, in the order of the published tables.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Term {
    Age,
    AgeSquared,
    NonHdl,
    Hdl,
    LowPressure,
    HighPressure,
    Diabetes,
    Smoking,
    LowBmi,
    HighBmi,
    LowEgfr,
    HighEgfr,
    Antihypertensives,
    Statin,
    TreatedPressure,
    TreatedNonHdl,
    AgeNonHdl,
    AgeHdl,
    AgePressure,
    AgeDiabetes,
    AgeSmoking,
    AgeBmi,
    AgeEgfr,
    MiddleDeprivation,
    HighDeprivation,
    NoDeprivation,
    LnUacr,
    NoUacr,
    Hba1cDiabetes,
    Hba1cNoDiabetes,
    NoHba1c,
    Constant,
}

/// Cholesterol of 1 mg/dL, in mmol/L.
const MMOL_PER_L: f64 = 0.02586;

impl Term {
    /// Returns the value of the term for a person.
    pub fn value(self, person: &Person) -> f64 {
        let age = (person.age - 55.0) / 10.0;
        let non_hdl = (person.total_cholesterol - person.hdl_cholesterol) * MMOL_PER_L - 3.5;
        let hdl = (person.hdl_cholesterol * MMOL_PER_L - 1.3) / 0.3;
        let pressure = (person.systolic_pressure.max(110.0) - 130.0) / 20.0;
        let bmi = (person.bmi.max(30.0) - 30.0) / 5.0;
        let egfr = (person.egfr.min(60.0) - 60.0) / -15.0;
        let diabetes = one_if(person.has_diabetes);
        let smoking = one_if(person.smokes);
        let treated = one_if(person.takes_antihypertensives);
        let statin = one_if(person.takes_statin);
        match self {
            Self::Age => age,
            Self::AgeSquared => age * age,
            Self::NonHdl => non_hdl,
            Self::Hdl => hdl,
            Self::LowPressure => (person.systolic_pressure.min(110.0) - 110.0) / 20.0,
            Self::HighPressure => pressure,
            Self::Diabetes => diabetes,
            Self::Smoking => smoking,
            Self::LowBmi => (person.bmi.min(30.0) - 25.0) / 5.0,
            Self::HighBmi => bmi,
            Self::LowEgfr => egfr,
            Self::HighEgfr => (person.egfr.max(60.0) - 90.0) / -15.0,
            Self::Antihypertensives => treated,
            Self::Statin => statin,
            Self::TreatedPressure => treated * pressure,
            Self::TreatedNonHdl => statin * non_hdl,
            Self::AgeNonHdl => age * non_hdl,
            Self::AgeHdl => age * hdl,
            Self::AgePressure => age * pressure,
            Self::AgeDiabetes => age * diabetes,
            Self::AgeSmoking => age * smoking,
            Self::AgeBmi => age * bmi,
            Self::AgeEgfr => age * egfr,
            Self::MiddleDeprivation => {
                one_if(person.sdi_decile.is_some_and(|decile| (4.0..7.0).contains(&decile)))
            }
            Self::HighDeprivation => one_if(person.sdi_decile.is_some_and(|decile| decile >= 7.0)),
            Self::NoDeprivation => one_if(person.sdi_decile.is_none()),
            Self::LnUacr => person.uacr.map_or(0.0, libm::log),
            Self::NoUacr => one_if(person.uacr.is_none()),
            Self::Hba1cDiabetes => person.hba1c.map_or(0.0, |hba1c| (hba1c - 5.3) * diabetes),
            Self::Hba1cNoDiabetes => {
                person.hba1c.map_or(0.0, |hba1c| (hba1c - 5.3) * (1.0 - diabetes))
            }
            Self::NoHba1c => one_if(person.hba1c.is_none()),
            Self::Constant => 1.0,
        }
    }
}

fn one_if(condition: bool) -> f64 {
    if condition { 1.0 } else { 0.0 }
}
