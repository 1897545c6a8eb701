//! The risk of cardiovascular disease in 10 years, by the equations of Khan et al. (2023), and its
//! class in the guideline of 2026.
#![cfg_attr(target_arch = "wasm32", no_std)]

use predictor_abi::{
    Answer, Classification, Description, Example, Explanation, Input, List, Maybe, Model, Output,
    OutputNotes, Scale, Signature, Text, Value, collect, features, notes, shapley, text,
};
use prevent::notes::{Horizon, RISKS, description};
use prevent::{Person, REFERENCE, TEN_YEARS, inputs};

predictor_abi::export!(Prevent10Years);

/// The equations of 10 years.
pub struct Prevent10Years;

impl Model for Prevent10Years {
    const SIGNATURE: &Signature = &SIGNATURE;
    const DESCRIPTION: &Description = &DESCRIPTION;

    fn predict(row: &'static [Value]) -> Answer {
        let person = match Person::of(row) {
            Ok(person) => person,
            Err(refusal) => return Answer::Err(refusal),
        };
        let risks = TEN_YEARS.risks(&person);
        let [_, ascvd, ..] = risks;
        let quantities = risks.into_iter().map(Output::Quantity);
        Answer::Ok(collect(OUTPUTS.len(), quantities.chain([Output::Class(class(ascvd))])))
    }

    fn explain(row: &'static [Value]) -> Explanation {
        shapley::coalitions::<Self>(row, &REFERENCE)
    }
}

/// The classes of the guideline.
const CLASSES: [Text; 4] = [text("low"), text("borderline"), text("intermediate"), text("high")];

/// The least risk of each class but the first, in percent.
const BOUNDS: [f64; 3] = [3.0, 5.0, 10.0];

/// Returns the class of a risk of ASCVD in percent. It follows from the risk, so its probability is
/// 1.
fn class(ascvd: f64) -> Classification {
    let class = BOUNDS.iter().filter(|bound| ascvd >= **bound).count();
    let probabilities = (0..CLASSES.len()).map(|other| if other == class { 1.0 } else { 0.0 });
    Classification {
        label: CLASSES[class],
        confidence: Maybe::None,
        probabilities: collect(CLASSES.len(), probabilities),
    }
}

const INPUTS: [Input; 14] = inputs(79.0);

static SIGNATURE: Signature = Signature {
    name: text("prevent-10-years"),
    version: text("v1.0.0"),
    features: List::of(&const { features(&INPUTS) }),
};

const OUTPUTS: [OutputNotes; 6] = {
    let [total_cvd, ascvd, heart_failure, coronary_disease, stroke] = RISKS;
    let class = OutputNotes::classes(
        "ascvd_class",
        "The class of the risk of ASCVD in the guideline on dyslipidaemia of ACC and AHA (2026): low \
         below 3 %, borderline below 5 %, intermediate below 10 %, else high.",
        &CLASSES,
    );
    [total_cvd, ascvd, heart_failure, coronary_disease, stroke, class]
};

static DESCRIPTION: Description = description(Horizon {
    summary: "Estimates the risk of cardiovascular disease in 10 years, by the equations of Khan et \
              al. (2023), known as PREVENT.",
    population: "Adults of 30 to 79 years in the United States, without known cardiovascular disease.",
    features: &const { notes(&INPUTS) },
    outputs: &OUTPUTS,
    scales: &[
        Scale::Quantity,
        Scale::Quantity,
        Scale::Quantity,
        Scale::Quantity,
        Scale::Quantity,
        Scale::Probability,
    ],
    examples: &[Example::new(
        "woman with diabetes",
        &[
            Value::Number(50.0),
            Value::Text(text("female")),
            Value::Number(200.0),
            Value::Number(45.0),
            Value::Number(160.0),
            Value::Flag(true),
            Value::Flag(false),
            Value::Number(35.0),
            Value::Number(90.0),
            Value::Flag(true),
            Value::Flag(false),
            Value::Missing,
            Value::Missing,
            Value::Missing,
        ],
        Answer::of(&[
            Output::Quantity(14.683939),
            Output::Quantity(9.195090),
            Output::Quantity(8.056097),
            Output::Quantity(4.409667),
            Output::Quantity(5.400779),
            Output::Class(Classification {
                label: CLASSES[2],
                confidence: Maybe::None,
                probabilities: List::of(&[0.0, 0.0, 1.0, 0.0]),
            }),
        ]),
        1e-6,
    )],
});

#[cfg(test)]
mod tests {
    use super::*;
    use predictor_abi::RefusalReason;

    fn example() -> Vec<Value> {
        let [example] = DESCRIPTION.examples.as_slice() else { panic!("there are others") };
        example.row.as_slice().to_vec()
    }

    fn kept(row: Vec<Value>) -> &'static [Value] {
        Box::leak(row.into_boxed_slice())
    }

    #[test]
    fn a_class_begins_at_its_bound() {
        let label = |ascvd| class(ascvd).label.as_str();
        let labels = [2.999, 3.0, 4.999, 5.0, 9.999, 10.0].map(label);
        let [low, borderline, intermediate, high] = CLASSES.map(|label| label.as_str());
        assert_eq!(labels, [low, borderline, borderline, intermediate, intermediate, high]);
    }

    #[test]
    fn a_body_mass_index_of_40_is_refused_with_the_range() {
        let mut row = example();
        row[7] = Value::Number(40.0_f64.next_down());
        assert!(matches!(Prevent10Years::predict(kept(row.clone())), Answer::Ok(_)));
        row[7] = Value::Number(40.0);
        let Answer::Err(refusal) = Prevent10Years::predict(kept(row)) else {
            panic!("it is answered")
        };
        assert_eq!((refusal.reason, refusal.feature), (RefusalReason::OutOfRange, Maybe::Some(7)));
        assert!(refusal.message.as_str().contains("less than 40"));
    }

    #[test]
    fn an_explanation_adds_up_to_the_answer() {
        let row = kept(example());
        let Explanation::Ok(attributions) = Prevent10Years::explain(row) else {
            panic!("it is refused")
        };
        let Answer::Ok(outputs) = Prevent10Years::predict(row) else { panic!("it is refused") };
        let attributions = attributions.as_slice();
        assert_eq!(attributions.len(), RISKS.len() + CLASSES.len());
        for (attribution, output) in attributions.iter().zip(outputs.as_slice()) {
            let total = attribution.base + attribution.contributions.as_slice().iter().sum::<f64>();
            let Output::Quantity(risk) = output else { continue };
            assert!((total - risk).abs() < 1e-9, "{total} for {risk}");
        }
    }
}
