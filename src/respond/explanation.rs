//! The explanations in an answer.

use crate::model::{
    Attribution, Description, Explanation, ExplanationMethod, Feature, Output, OutputKind,
    OutputNotes, Prediction, Scale, Signature, Value,
};
use crate::validate::Explain;
use serde::{Serialize, Serializer};
use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// The facts common to all explanations of a response.
#[derive(Clone, Copy)]
pub struct Explainer<'a> {
    pub signature: &'a Signature,
    pub description: &'a Description,
    pub explain: Explain,
}

impl<'a> Explainer<'a> {
    /// Makes the explanation of a row: `values` are its values, and `prediction` its answer.
    pub fn row(
        self,
        values: &'a [Value],
        prediction: &Prediction,
        explanation: &'a Explanation,
    ) -> RowExplanation<'a> {
        let outputs = &self.description.outputs;
        let is_list = outputs.len() > 1 || self.explain.all_classes;
        let shown = explanation.iter().filter_map(|attribution| {
            let output = outputs.get(attribution.output as usize)?;
            let answer = prediction.get(attribution.output as usize)?;
            let is_shown = self.explain.all_classes || is_answered(attribution, output, answer);
            is_shown.then(|| self.part(attribution, output, values))
        });
        let has_classes = self.explain.all_classes;
        RowExplanation { is_list, has_classes, parts: shown.collect() }
    }

    fn part(
        self,
        attribution: &'a Attribution,
        output: &'a OutputNotes,
        values: &'a [Value],
    ) -> Part<'a> {
        let (scale, link) = self.scale(attribution.output);
        let class = match &output.kind {
            OutputKind::Classes(labels) => {
                attribution.class.and_then(|class| labels.get(class as usize))
            }
            OutputKind::Quantity(_) => None,
        };
        let sum: f64 = attribution.contributions.iter().sum();
        let mut contributions = self.contributions(attribution, values);
        let others = self.explain.top.filter(|top| *top < contributions.len()).map(|top| {
            contributions.drain(top..).map(|other| other.contribution).sum::<f64>() + 0.0
        });
        Part {
            output: (self.description.outputs.len() > 1).then_some(&output.name),
            class: class.map(String::as_str),
            scale,
            link,
            method: self.method(),
            base: attribution.base,
            total: attribution.base + sum,
            contributions,
            others,
        }
    }

    /// Lists the contributions of all features, the largest first, and equal ones in the order of the
    /// features.
    fn contributions(
        self,
        attribution: &'a Attribution,
        values: &'a [Value],
    ) -> Vec<Contribution<'a>> {
        let numbers = &attribution.contributions;
        // The bits of positive numbers are in the order of the numbers. A sort of the contributions
        // themselves would be more code.
        let sizes = numbers.iter().map(|number| Reverse(number.abs().to_bits()));
        let sizes: BinaryHeap<_> = sizes.zip(0_usize..).collect();
        let order = sizes.into_sorted_vec().into_iter().map(|(_, index)| index);
        let contribution = |index: usize| Contribution {
            index,
            feature: &self.signature.features[index].name,
            value: Cell(&values[index]),
            // The sum with 0 makes 0 of -0.
            contribution: numbers[index] + 0.0,
            deviation: attribution.deviations.get(index).copied(),
        };
        order.map(contribution).collect()
    }

    /// Returns the scale of an output, and the function from this scale to the answer.
    fn scale(self, output: u32) -> (&'static str, &'static str) {
        let notes = self.description.explanation.as_ref();
        match notes.and_then(|notes| notes.scales.get(output as usize)) {
            Some(Scale::Probability) => ("probability", "identity"),
            Some(Scale::LogOdds) => ("log-odds", "logistic"),
            Some(Scale::Softmax) => ("log-odds", "softmax"),
            Some(Scale::Log) => ("log", "exp"),
            Some(Scale::Quantity) | None => ("quantity", "identity"),
        }
    }

    fn method(self) -> &'static str {
        match self.description.explanation.as_ref().map(|notes| notes.method) {
            Some(ExplanationMethod::Trees) => "trees",
            Some(ExplanationMethod::Linear) => "linear",
            Some(ExplanationMethod::Coalitions) | None => "coalitions",
            Some(ExplanationMethod::Permutations) => "permutations",
        }
    }
}

/// Returns true for the attribution to the answer: the only one of an output, or the one to the
/// answered of several classes.
fn is_answered(attribution: &Attribution, output: &OutputNotes, answer: &Output) -> bool {
    match (&output.kind, answer, attribution.class) {
        (OutputKind::Classes(labels), Output::Class(answer), Some(class)) if labels.len() > 2 => {
            labels.get(class as usize) == Some(&answer.label)
        }
        _ => true,
    }
}

/// The explanation of a row: an object for the only output and class, or else a list.
pub struct RowExplanation<'a> {
    is_list: bool,
    /// True if each class has its part.
    has_classes: bool,
    parts: Vec<Part<'a>>,
}

impl RowExplanation<'_> {
    /// Names the columns of explanations like this one: the base, and the contributions in the order
    /// of the features, for each output and class.
    pub fn columns(&self, features: &[Feature]) -> Vec<String> {
        let mut columns = Vec::new();
        for part in &self.parts {
            let class = part.class.filter(|_| self.has_classes);
            let mut names = String::new();
            for name in [part.output, class].into_iter().flatten() {
                names.push('.');
                names.push_str(name);
            }
            columns.push(format!("base{names}"));
            let of = |feature: &Feature| format!("contribution{names}.{}", feature.name);
            columns.extend(features.iter().map(of));
        }
        columns
    }

    /// Returns the numbers of the columns; none for a contribution left out.
    pub fn cells(&self, features: usize) -> Vec<Option<f64>> {
        let mut cells = Vec::new();
        for part in &self.parts {
            cells.push(Some(part.base));
            let start = cells.len();
            cells.resize(start + features, None);
            for one in &part.contributions {
                cells[start + one.index] = Some(one.contribution);
            }
        }
        cells
    }
}

impl Serialize for RowExplanation<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.parts[..] {
            [part] if !self.is_list => part.serialize(serializer),
            parts => parts.serialize(serializer),
        }
    }
}

/// The explanation of an output, or of one of its classes.
#[derive(Serialize)]
struct Part<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    class: Option<&'a str>,
    scale: &'static str,
    link: &'static str,
    method: &'static str,
    base: f64,
    total: f64,
    contributions: Vec<Contribution<'a>>,
    /// The sum of the contributions left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    others: Option<f64>,
}

#[derive(Serialize)]
struct Contribution<'a> {
    /// The index of the feature.
    #[serde(skip)]
    index: usize,
    feature: &'a str,
    value: Cell<'a>,
    contribution: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    deviation: Option<f64>,
}

/// A feature's value as JSON. Whole numbers have no fraction.
pub struct Cell<'a>(pub &'a Value);

/// Maximum length of a text in an explanation, in bytes. It is there for each output and class.
const SHOWN_TEXT_BYTES: usize = 200;

impl Serialize for Cell<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Number(number) if number.fract() == 0.0 && number.abs() < 1e15 => {
                serializer.serialize_i64(*number as i64)
            }
            Value::Number(number) => serializer.serialize_f64(*number),
            Value::Text(text) => serializer.serialize_str(&shown(text)),
            Value::Flag(flag) => serializer.serialize_bool(*flag),
            Value::Missing => serializer.serialize_unit(),
        }
    }
}

fn shown(text: &str) -> Cow<'_, str> {
    match text.floor_char_boundary(SHOWN_TEXT_BYTES) {
        end if end < text.len() => format!("{}…", &text[..end]).into(),
        _ => text.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::RowForm;
    use crate::model::{Classification, ExplanationNotes, Kind, MissingPolicy, UnusualPolicy};
    use crate::validate::rows;
    use serde_json::json;

    /// A model with two flags and one of three classes.
    fn model() -> (Signature, Description) {
        let (missing, unusual) = (MissingPolicy::Handle, UnusualPolicy::Refuse);
        let feature = |name: &str| Feature {
            name: name.into(),
            kind: Kind::Flag,
            missing,
            unusual,
            group: None,
        };
        let features = vec![feature("x"), feature("y")];
        let output = OutputNotes {
            name: "kind".into(),
            description: String::new(),
            kind: OutputKind::Classes(["a", "b", "c"].map(str::to_owned).into()),
            positive: None,
            reference: None,
        };
        let description = Description {
            summary: String::new(),
            source: String::new(),
            license: String::new(),
            population: String::new(),
            limits: String::new(),
            precision: String::new(),
            digest: String::new(),
            features: Vec::new(),
            outputs: vec![output],
            statements: Vec::new(),
            examples: Vec::new(),
            outcome: None,
            explanation: Some(ExplanationNotes {
                method: ExplanationMethod::Trees,
                scales: vec![Scale::Softmax],
                base: String::new(),
                cost: 1,
                reference: Vec::new(),
                shares: Vec::new(),
            }),
        };
        (Signature { name: "m".into(), version: "1".into(), features }, description)
    }

    /// Returns the explanation of the answer `b` for the values true and missing.
    fn explained(option: &str) -> serde_json::Value {
        let (signature, description) = model();
        let body = format!(r#"{{"x": true, "explain": {option}}}"#);
        let asked = rows::read(body.as_bytes(), RowForm::Json, &signature, Vec::new, None).unwrap();
        let explain = asked.explain.unwrap();
        let label = "b".into();
        let answer = Classification { label, confidence: None, probabilities: Vec::new() };
        let attribution = |class, x| Attribution {
            output: 0,
            class: Some(class),
            base: 1.0,
            contributions: vec![x, -0.5],
            deviations: Vec::new(),
        };
        let explanation = vec![attribution(0, 1.0), attribution(1, 0.25), attribution(2, -0.0)];
        let explainer = Explainer { signature: &signature, description: &description, explain };
        let values = &asked.input.rows.values;
        json!(explainer.row(values, &vec![Output::Class(answer)], &explanation))
    }

    #[test]
    fn of_three_classes_the_answered_one_is_explained_with_the_largest_contribution_first() {
        let expected = json!({
            "class": "b", "scale": "log-odds", "link": "softmax", "method": "trees",
            "base": 1.0, "total": 0.75, "contributions": [
                {"feature": "y", "value": null, "contribution": -0.5},
                {"feature": "x", "value": true, "contribution": 0.25},
            ],
        });
        assert_eq!(explained("true"), expected);
    }

    #[test]
    fn of_three_classes_all_are_a_list_if_asked_for() {
        let list = explained(r#"{"classes": "all", "top": 1}"#);
        let parts: Vec<_> = list.as_array().unwrap().iter().collect();
        let shown = |key: &str| parts.iter().map(|part| part[key].clone()).collect::<Vec<_>>();
        assert_eq!(shown("class"), ["a", "b", "c"]);
        assert_eq!(shown("others"), [-0.5, 0.25, 0.0]);
        assert_eq!(shown("total"), [1.5, 0.75, 0.5]);
        // Not -0.0.
        assert!(list.to_string().contains("\"others\":0.0"), "{list}");
    }
}
