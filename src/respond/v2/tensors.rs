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

/// An output tensor, with one value or a block of `shape` for each row.
#[derive(Clone, Debug, PartialEq)]
pub struct OutputTensor {
    pub name: String,
    pub datatype: Datatype,
    /// The dimensions behind that of the rows.
    pub shape: Vec<usize>,
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
    /// The contribution of each feature, then the base. Only requests that name it get it.
    Contributions,
}

/// Lists the tensors of all outputs. The label of a class has the output's name. The tensors
/// `<name>_confidence` and `<name>_probabilities` follow if some example of the model has them, and
/// `<name>_contributions` if the model has explanations.
pub fn outputs(description: &Description) -> Vec<OutputTensor> {
    let mut tensors = Vec::new();
    for (output, notes) in description.outputs.iter().enumerate() {
        let name = &notes.name;
        let mut add = |end: &str, datatype, shape, part| {
            let name = format!("{name}{end}");
            tensors.push(OutputTensor { name, datatype, shape, output, part });
        };
        match &notes.kind {
            OutputKind::Quantity(_) => add("", Datatype::FP64, vec![], Part::Quantity),
            // A class is up to three tensors.
            OutputKind::Classes(classes) => {
                add("", Datatype::Bytes, vec![], Part::Label);
                if shown(description, output, |class| class.confidence.is_some()) {
                    add("_confidence", Datatype::FP64, vec![], Part::Confidence);
                }
                if shown(description, output, |class| !class.probabilities.is_empty()) {
                    let shape = vec![classes.len()];
                    add("_probabilities", Datatype::FP64, shape, Part::Probabilities);
                }
            }
        }
        if description.explanation.is_some() {
            let shape = contributions_shape(description, &notes.kind);
            add("_contributions", Datatype::FP64, shape, Part::Contributions);
        }
    }
    tensors
}

/// Returns the shape of a row's contributions: `[features + 1]`, or `[classes, features + 1]` for
/// more than two classes.
fn contributions_shape(description: &Description, kind: &OutputKind) -> Vec<usize> {
    let width = description.features.len() + 1;
    match kind {
        OutputKind::Classes(classes) if classes.len() > 2 => vec![classes.len(), width],
        OutputKind::Classes(_) | OutputKind::Quantity(_) => vec![width],
    }
}

/// Returns true if `has` is true for some answer among the examples.
fn shown(description: &Description, output: usize, has: impl Fn(&Classification) -> bool) -> bool {
    let answers = description.examples.iter().filter_map(|example| example.expected.as_ref().ok());
    let outputs = answers.filter_map(|answer| answer.get(output));
    outputs.into_iter().any(|output| matches!(output, Output::Class(class) if has(class)))
}
