//! The risk of atherosclerotic cardiovascular disease in 10 years, by the pooled cohort equations of
//! 2013.
#![cfg_attr(target_arch = "wasm32", no_std)]

use predictor_abi::Value::{self, Flag, Number, Text};
use predictor_abi::{
    Answer, Description, Example, Explanation, ExplanationMethod, ExplanationNotes, Input, List,
    Maybe, Model, Output, OutputNotes, Refusal, Scale, Signature, Statement, features, notes,
    quantities, shapley, text, units,
};

predictor_abi::export!(PooledCohort);

/// The equations of 2013.
pub struct PooledCohort;

impl Model for PooledCohort {
    const SIGNATURE: &Signature = &SIGNATURE;
    const DESCRIPTION: &Description = &DESCRIPTION;

    fn predict(row: &'static [Value]) -> Answer {
        match Person::of(row) {
            Some((equation, person)) => quantities([equation.risk(&person)]),
            None => Answer::Err(Refusal::INCOMPLETE),
        }
    }

    fn explain(row: &'static [Value]) -> Explanation {
        shapley::coalitions::<Self>(row, REFERENCE)
    }
}

/// A person: the values in the equations, in the units of [`INPUTS`].
struct Person {
    age: f64,
    total_cholesterol: f64,
    hdl_cholesterol: f64,
    systolic_pressure: f64,
    is_treated: bool,
    smokes: bool,
    has_diabetes: bool,
}

impl Person {
    /// Reads a row, and chooses its equation; none if a value is missing.
    fn of(row: &[Value]) -> Option<(&'static Equation, Self)> {
        let &[
            Number(age),
            Text(sex),
            Text(race),
            Number(total_cholesterol),
            Number(hdl_cholesterol),
            Number(systolic_pressure),
            Flag(is_treated),
            Flag(smokes),
            Flag(has_diabetes),
        ] = row
        else {
            return None;
        };
        let equation = match (sex.as_str(), race.as_str()) {
            ("female", "black") => &BLACK_WOMEN,
            ("female", _) => &WHITE_WOMEN,
            (_, "black") => &BLACK_MEN,
            _ => &WHITE_MEN,
        };
        let person = Self {
            age,
            total_cholesterol,
            hdl_cholesterol,
            systolic_pressure,
            is_treated,
            smokes,
            has_diabetes,
        };
        Some((equation, person))
    }
}

/// The coefficients of one group. `ln_` is a natural logarithm, and a product of two is an
/// interaction. The coefficients of the blood pressure are for untreated and for treated.
struct Equation {
    ln_age: f64,
    ln_age_squared: f64,
    ln_total_cholesterol: f64,
    ln_age_ln_total_cholesterol: f64,
    ln_hdl: f64,
    ln_age_ln_hdl: f64,
    ln_pressure: [f64; 2],
    ln_age_ln_pressure: [f64; 2],
    smoker: f64,
    ln_age_smoker: f64,
    diabetes: f64,
    /// The mean of the sum in the cohorts.
    mean: f64,
    /// The part without an event in 10 years, at the mean.
    survival: f64,
}

static WHITE_WOMEN: Equation = Equation {
    ln_age: -29.799,
    ln_age_squared: 4.884,
    ln_total_cholesterol: 13.540,
    ln_age_ln_total_cholesterol: -3.114,
    ln_hdl: -13.578,
    ln_age_ln_hdl: 3.149,
    ln_pressure: [1.957, 2.019],
    ln_age_ln_pressure: [0.0, 0.0],
    smoker: 7.574,
    ln_age_smoker: -1.665,
    diabetes: 0.661,
    mean: -29.1817,
    survival: 0.9665,
};

static BLACK_WOMEN: Equation = Equation {
    ln_age: 17.114,
    ln_age_squared: 0.0,
    ln_total_cholesterol: 0.940,
    ln_age_ln_total_cholesterol: 0.0,
    ln_hdl: -18.920,
    ln_age_ln_hdl: 4.475,
    ln_pressure: [27.820, 29.291],
    ln_age_ln_pressure: [-6.087, -6.432],
    smoker: 0.691,
    ln_age_smoker: 0.0,
    diabetes: 0.874,
    mean: 86.6081,
    survival: 0.9533,
};

static WHITE_MEN: Equation = Equation {
    ln_age: 12.344,
    ln_age_squared: 0.0,
    ln_total_cholesterol: 11.853,
    ln_age_ln_total_cholesterol: -2.664,
    ln_hdl: -7.990,
    ln_age_ln_hdl: 1.769,
    ln_pressure: [1.764, 1.797],
    ln_age_ln_pressure: [0.0, 0.0],
    smoker: 7.837,
    ln_age_smoker: -1.795,
    diabetes: 0.658,
    mean: 61.1816,
    survival: 0.9144,
};

static BLACK_MEN: Equation = Equation {
    ln_age: 2.469,
    ln_age_squared: 0.0,
    ln_total_cholesterol: 0.302,
    ln_age_ln_total_cholesterol: 0.0,
    ln_hdl: -0.307,
    ln_age_ln_hdl: 0.0,
    ln_pressure: [1.809, 1.916],
    ln_age_ln_pressure: [0.0, 0.0],
    smoker: 0.549,
    ln_age_smoker: 0.0,
    diabetes: 0.645,
    mean: 19.5425,
    survival: 0.8954,
};

impl Equation {
    /// Returns the risk of a person, in percent.
    fn risk(&self, person: &Person) -> f64 {
        let age = libm::log(person.age);
        let cholesterol = libm::log(person.total_cholesterol);
        let hdl = libm::log(person.hdl_cholesterol);
        let pressure = libm::log(person.systolic_pressure);
        let [untreated, treated] = self.ln_pressure;
        let [age_untreated, age_treated] = self.ln_age_ln_pressure;
        let (of_pressure, of_age_and_pressure) =
            if person.is_treated { (treated, age_treated) } else { (untreated, age_untreated) };
        let smoking = if person.smokes { self.smoker + self.ln_age_smoker * age } else { 0.0 };
        let diabetes = if person.has_diabetes { self.diabetes } else { 0.0 };
        let sum = self.ln_age * age
            + self.ln_age_squared * age * age
            + self.ln_total_cholesterol * cholesterol
            + self.ln_age_ln_total_cholesterol * age * cholesterol
            + self.ln_hdl * hdl
            + self.ln_age_ln_hdl * age * hdl
            + of_pressure * pressure
            + of_age_and_pressure * age * pressure
            + smoking
            + diabetes;
        100.0 * (1.0 - libm::pow(self.survival, libm::exp(sum - self.mean)))
    }
}

const INPUTS: [Input; 9] = [
    Input::number("age", "Age.", "a", 40.0, 79.0),
    Input::category(
        "sex",
        "Sex. There are equations for women and for men.",
        &[text("female"), text("male")],
    ),
    Input::category(
        "race",
        "Race, as people state it themselves. The equations are of black and of white people; those \
         of white people are used for all others.",
        &[text("black"), text("white"), text("other")],
    ),
    Input::number("total_cholesterol", "Total cholesterol.", "mg/dL", 130.0, 320.0)
        .or_in(&[units::CHOLESTEROL]),
    Input::number("hdl_cholesterol", "HDL cholesterol.", "mg/dL", 20.0, 100.0)
        .or_in(&[units::CHOLESTEROL]),
    Input::number("systolic_pressure", "Systolic blood pressure.", "mm[Hg]", 90.0, 200.0),
    Input::flag("antihypertensives", "Drugs against high blood pressure."),
    Input::flag("smoker", "Smoking at present."),
    Input::flag("diabetes", "Diabetes."),
];

/// The reference person of explanations. The race has no contribution for white people and others.
static REFERENCE: &[Value] = &[
    Number(55.0),
    Text(text("female")),
    Text(text("white")),
    Number(185.0),
    Number(55.0),
    Number(115.0),
    Flag(false),
    Flag(false),
    Flag(false),
];

static SIGNATURE: Signature = Signature {
    name: text("pooled-cohort-2013"),
    version: text("v1.0.0"),
    features: List::of(&const { features(&INPUTS) }),
};

/// The statements for the model's card.
const STATEMENTS: &[Statement] = &[
    Statement::new(
        "developer",
        "The authors of the equation; this implementation is by the authors of model-api.",
    ),
    Statement::new("output-type", "Prediction: a risk."),
    Statement::new(
        "intended-use",
        "To inform a talk about prevention, where the equations of 2013 are still asked for.",
    ),
    Statement::new("intended-users", "Clinicians."),
    Statement::new("decision-role", "Informs."),
    Statement::new(
        "cautioned-uses",
        "People with known atherosclerotic disease, and people neither black nor white.",
    ),
    Statement::new("sensitive-inputs", "Race, sex and age."),
    Statement::new(
        "known-biases",
        "Race is an input: two people who differ in nothing else get different risks.",
    ),
    Statement::new("model-type", "A published equation of proportional hazards."),
    Statement::new("keywords", "heart, stroke, prevention"),
];

static DESCRIPTION: Description = Description {
    summary: text(
        "Estimates the risk of a first infarction, coronary death or stroke in 10 years, by the pooled \
         cohort equations.",
    ),
    source: text(
        "D. C. Goff et al., 2013 ACC/AHA Guideline on the Assessment of Cardiovascular Risk, Circulation \
         129 (2014), S49-S73, doi:10.1161/01.cir.0000437741.48606.98, Table A. The means have four decimals, \
         as in preventr 0.12.0; the table has two.",
    ),
    license: text("Apache-2.0"),
    population: text(
        "Adults of 40 to 79 years in the United States, black or white, without known atherosclerotic \
         cardiovascular disease.",
    ),
    limits: text(
        "Race is an input: two people who differ in nothing else get different risks. For people who \
         are neither black nor white the equations have no data. The equations of 2023 (PREVENT) do \
         without race. Not a medical device.",
    ),
    precision: text("float64"),
    digest: text(""),
    statements: List::of(STATEMENTS),
    features: List::of(&const { notes(&INPUTS) }),
    outputs: List::of(&[OutputNotes::quantity(
        "ascvd",
        "The risk of a first infarction, coronary death or stroke in 10 years.",
        "%",
        0.0,
        100.0,
    )]),
    examples: List::of(&[Example::new(
        "row of the guideline",
        &[
            Number(55.0),
            Text(text("female")),
            Text(text("white")),
            Number(213.0),
            Number(50.0),
            Number(120.0),
            Flag(false),
            Flag(false),
            Flag(false),
        ],
        Answer::of(&[Output::Quantity(2.055685)]),
        1e-6,
    )]),
    outcome: Maybe::None,
    explanation: Maybe::Some(ExplanationNotes {
        method: ExplanationMethod::Coalitions,
        scales: List::of(&[Scale::Quantity]),
        base: text(
            "The risk of a made-up white woman of 55 years: total cholesterol 185 and HDL 55 mg/dL, 115 \
             mmHg, no drugs, no smoking, no diabetes.",
        ),
        cost: 50,
        reference: List::of(REFERENCE),
        shares: List::EMPTY,
    }),
};

#[cfg(test)]
mod tests {
    use super::*;

    const GROUPS: [&Equation; 4] = [&WHITE_WOMEN, &BLACK_WOMEN, &WHITE_MEN, &BLACK_MEN];

    fn assert_risks(person: &Person, expected: [f64; 4]) {
        for (equation, expected) in GROUPS.iter().zip(expected) {
            let found = equation.risk(person) / 100.0;
            assert!((found - expected).abs() < 5.1e-9, "{found} for {expected}");
        }
    }

    #[test]
    fn the_guidelines_person_gets_the_published_risks_to_eight_digits() {
        let person = Person {
            age: 55.0,
            total_cholesterol: 213.0,
            hdl_cholesterol: 50.0,
            systolic_pressure: 120.0,
            is_treated: false,
            smokes: false,
            has_diabetes: false,
        };
        assert_risks(&person, [0.02055685, 0.03031997, 0.05376049, 0.06058742]);
    }

    #[test]
    fn a_treated_smoker_with_diabetes_gets_the_published_risks_to_eight_digits() {
        let person = Person {
            age: 60.0,
            total_cholesterol: 213.0,
            hdl_cholesterol: 50.0,
            systolic_pressure: 140.0,
            is_treated: true,
            smokes: true,
            has_diabetes: true,
        };
        assert_risks(&person, [0.22263757, 0.39038565, 0.33908219, 0.43640590]);
    }

    #[test]
    fn people_of_another_race_get_the_equation_of_white_people() {
        let risk = |race| {
            let mut row = REFERENCE.to_vec();
            row[2] = Text(text(race));
            let (equation, person) = Person::of(&row).expect("no value is missing");
            equation.risk(&person)
        };
        assert_eq!(risk("other"), risk("white"));
        assert_ne!(risk("black"), risk("white"));
    }
}
