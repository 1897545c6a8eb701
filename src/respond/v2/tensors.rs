//! The input and output tensors of a model.

use crate::model::{Classification, Description, Feature, Kind, Output, OutputKind};
use crate::validate::tensor::Datatype;

/// Returns the datatype of a feature in the model's metadata.
pub fn datatype(feature: &Feature) -> Datatype {
    match &feature.kind {
        Kind::Number(range) if range.whole => Datatype::INT64,
        Kind::Number(_) => Datatype::FP64,
        Kind::Category(_) => Datatype::Bytes,
        Kind::Flag => Datatype::Bool,
    }
}

/// An output tensor, with one value or `width` values for each row.
#[derive(Clone, Debug, PartialEq)]
pub struct OutputTensor {
    pub name: String,
    pub datatype: Datatype,
    /// The second dimension, if there is one.
    pub width: Option<usize>,
    /// The index of the output in the model's description.
    pub output: usize,
    pub part: Part,
}

/// A part of an output, in a tensor of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Label,
    Confidence,
    Probabilities,
    Quantity,
}

/// Lists the tensors of all outputs. The label of a class has the output's name. The tensors
/// `<name>_confidence` and `<name>_probabilities` follow if some example of the model has them.
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

/// Returns true if `has` is true for some answer among the examples.
fn shown(description: &Description, output: usize, has: impl Fn(&Classification) -> bool) -> bool {
    let answers = description.examples.iter().filter_map(|example| example.expected.as_ref().ok());
    let outputs = answers.filter_map(|answer| answer.get(output));
    outputs.into_iter().any(|output| matches!(output, Output::Class(class) if has(class)))
}
