//! The description of both models: outputs, source, population, limits, explanations.

use crate::person::REFERENCE;
use predictor_abi::{
    Description, Example, ExplanationMethod, ExplanationNotes, FeatureNotes, List, Maybe,
    OutputNotes, Scale, Statement, Text, text,
};

/// The notes of the five risks, in percent.
pub const RISKS: [OutputNotes; 5] = [
    risk("total_cvd", "Any cardiovascular disease: atherosclerotic disease or heart failure."),
    risk("ascvd", "Atherosclerotic cardiovascular disease: coronary disease or stroke."),
    risk("heart_failure", "Heart failure."),
    risk("coronary_disease", "Coronary heart disease: infarction, or death of it."),
    risk("stroke", "Stroke."),
];

const fn risk(name: &'static str, description: &'static str) -> OutputNotes {
    OutputNotes::quantity(name, description, "%", 0.0, 100.0)
}

/// The statements for the card of both models.
const STATEMENTS: &[Statement] = &[
    Statement::new(
        "developer",
        "The authors of the equations; this implementation is by the authors of model-api, and not endorsed by the American Heart Association.",
    ),
    Statement::new("output-type", "Prediction: risks in percent."),
    Statement::new("intended-use", "To inform a talk about prevention."),
    Statement::new("intended-users", "Clinicians."),
    Statement::new("decision-role", "Informs."),
    Statement::new(
        "cautioned-uses",
        "People with known cardiovascular disease, and people outside the United States without a validation.",
    ),
    Statement::new(
        "sensitive-inputs",
        "Sex, age, and the deprivation of the place of living if it is given. Race is no input.",
    ),
    Statement::new("model-type", "Published equations of logistic regression."),
    Statement::new("keywords", "heart, stroke, prevention, PREVENT"),
];

/// The facts of one horizon.
pub struct Horizon {
    /// One sentence about the model.
    pub summary: &'static str,
    /// The people of the equations.
    pub population: &'static str,
    /// The notes of the inputs.
    pub features: &'static [FeatureNotes],
    /// The notes of the outputs.
    pub outputs: &'static [OutputNotes],
    /// The scale of each output in an explanation.
    pub scales: &'static [Scale],
    /// Rows with their answers.
    pub examples: &'static [Example],
}

/// Describes the model of one horizon.
pub const fn description(horizon: Horizon) -> Description {
    Description {
        summary: text(horizon.summary),
        source: text(
            "S. S. Khan et al., Development and Validation of the American Heart Association's \
             PREVENT Equations, Circulation 149 (2024), 430-449, \
             doi:10.1161/CIRCULATIONAHA.123.067626, Tables S12A to S12J.",
        ),
        license: text("Apache-2.0"),
        population: text(horizon.population),
        limits: text(
            "Not endorsed by the American Heart Association: read its terms for PREVENT before any \
             use. Not for people with known cardiovascular disease, nor outside the United States \
             without a validation. Not a medical device: it informs a talk about prevention, and \
             decides nothing.",
        ),
        precision: text("float64"),
        digest: Text::EMPTY,
        statements: List::of(STATEMENTS),
        features: List::of(horizon.features),
        outputs: List::of(horizon.outputs),
        examples: List::of(horizon.examples),
        outcome: Maybe::None,
        explanation: Maybe::Some(ExplanationNotes {
            method: ExplanationMethod::Coalitions,
            scales: List::of(horizon.scales),
            base: text(
                "The risk of a made-up woman of 50 years: total cholesterol 185 and HDL 55 mg/dL, 115 \
                 mmHg, BMI 24, eGFR 95, no diabetes, no smoking, no drugs, and HbA1c, uACR and SDI \
                 unknown.",
            ),
            cost: 5000,
            reference: List::of(&REFERENCE),
            shares: List::EMPTY,
        }),
    }
}
