//! The tensors that a model takes and returns.

use crate::model::{Classification, Description, Feature, Kind, Output, OutputKind};
use crate::validate::tensor::Datatype;

/// Returns the datatype that is announced for a feature.
pub fn datatype(feature: &Feature) -> Datatype {
    match &feature.kind {
        Kind::Number(range) if range.whole => Datatype::INT64,
        Kind::Number(_) => Datatype::FP64,
        Kind::Category(_) => Datatype::Bytes,
        Kind::Flag => Datatype::Bool,
    }
}

/// A tensor among the answers: one value, or `width` of them, for each row.
#[derive(Clone, Debug, PartialEq)]
pub struct OutputTensor {
    pub name: String,
    pub datatype: Datatype,
    /// The second dimension, if there is one.
    pub width: Option<usize>,
    /// The index of the output among the model's.
    pub output: usize,
    pub part: Part,
}

/// The part of an output that a tensor has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Label,
    Confidence,
    Probabilities,
    Quantity,
}

/// Lists the tensors of all outputs. A class has its label by the output's name, and
/// `<name>_confidence` and `<name>_probabilities` if the model's examples show that it states them.
pub fn outputs(description: &Description) -> Vec<OutputTensor> {
    let mut tensors = Vec::new();
    for (output, notes) in description.outputs.iter().enumerate() {
        let name = &notes.name;
        let mut add = |name: String, datatype, width, part| {
            tensors.push(OutputTensor { name, datatype, width, output, part });
        };
        // A quantity is one tensor.
        let OutputKind::Classes(classes) = &notes.kind else {
            add(name.clone(), Datatype::FP64, None, Part::Quantity);
            continue;
        };
        // A class is up to three.
        add(name.clone(), Datatype::Bytes, None, Part::Label);
        if shown(description, output, |class| class.confidence.is_some()) {
            add(format!("{name}_confidence"), Datatype::FP64, None, Part::Confidence);
        }
        if shown(description, output, |class| !class.probabilities.is_empty()) {
            let width = Some(classes.len());
            add(format!("{name}_probabilities"), Datatype::FP64, width, Part::Probabilities);
        }
    }
    tensors
}

/// Returns true if some example has an answer for which `has` is true.
fn shown(description: &Description, output: usize, has: impl Fn(&Classification) -> bool) -> bool {
    let answers = description.examples.iter().filter_map(|example| example.expected.as_ref().ok());
    let outputs = answers.filter_map(|answer| answer.get(output));
    outputs.into_iter().any(|output| matches!(output, Output::Class(class) if has(class)))
}
