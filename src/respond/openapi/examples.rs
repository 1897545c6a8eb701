//! Requests and answers, built from the model's examples.

use super::{Described, outcomes, parse};
use crate::model::{Feature, Kind, MissingPolicy, Prediction, Value as Cell};
use crate::respond::answer::{Answer, Explanations};
use crate::respond::explanation::{self, Explainer, RowExplanation};
use crate::respond::object::{object, set, text};
use crate::respond::v2::output::{InferResponse, tensor};
use crate::respond::v2::tensors::{self, OutputTensor, Part};
use crate::validate::{Explain, check};
use serde::Serialize;
use serde_json::{Map, Value, json};

/// Puts the examples into the operations.
pub fn fill(operations: &mut Value, model: &Described) {
    show(operations, "/predict/requestBody", "examples", predict_requests(model));
    show(operations, "/predict/responses/200", "examples", predictions(model));
    show(operations, "/predict/responses/422", "example", violations(model));
    show(operations, "/outcomes/requestBody", "examples", outcomes(model));
    fill_explanations(operations, model);
    show(operations, "/infer/requestBody", "examples", infer_requests(model));
    show(operations, "/infer/responses/200", "example", infer_response(model));
}

/// Puts an example with an explanation into the operations, if the model explains it.
fn fill_explanations(operations: &mut Value, model: &Described) {
    let examples = answered(model);
    let Some(example) = examples.first().filter(|_| model.explanation.is_some()) else { return };
    let answer = named("with an explanation", &prediction(model, example, true));
    let row = row(model, example);
    for (name, explain) in [("predict", true), ("explain", false)] {
        let mut body = vec![("patient_data", row.clone())];
        if explain {
            body.push(("explain", json!(true)));
        }
        let request = named("with an explanation", &object(body));
        show(operations, &format!("/{name}/requestBody"), "examples/explained", request);
        let place = format!("/{name}/responses/200");
        show(operations, &place, "examples/explained", answer.clone());
    }
    show(operations, "/explain/responses/422", "example", violations(model));
    let instances = object(vec![("instances", json!([row]))]);
    show(operations, "/v1_explain/requestBody", "example", instances);
    let explanations = vec![explained(model, example)];
    let explanations = tree(&Explanations { explanations });
    show(operations, "/v1_explain/responses/200", "example", explanations);
}

/// Returns the row of the example with an explanation, if the model explains its answers.
pub fn explained_row(model: &Described) -> Option<&[Cell]> {
    model.description.explanation.as_ref()?;
    answered(model).first().map(|example| example.row)
}

fn explained<'a>(model: &'a Described, example: &Example<'a>) -> Option<RowExplanation<'a>> {
    let Described { signature, description, .. } = model;
    let explainer = Explainer { signature, description, explain: Explain::DEFAULT };
    let explanation = model.explanation.as_ref()?;
    Some(explainer.row(example.row, example.answer, explanation))
}

/// Makes JSON by way of its text: so the code that writes answers is there only once.
fn tree(answer: &impl Serialize) -> Value {
    parse(&serde_json::to_string(answer).expect("our own types become JSON"))
}

/// Puts examples into a request or a response, by its path.
fn show(operations: &mut Value, place: &str, member: &str, examples: Value) {
    set(operations, &format!("{place}/content/application~1json/{member}"), examples);
}

/// An example with an answer, not a refusal.
struct Example<'a> {
    name: &'a str,
    row: &'a [Cell],
    answer: &'a Prediction,
}

fn answered(model: &Described) -> Vec<Example<'_>> {
    let examples = model.description.examples.iter();
    let answered = examples.filter(|example| is_plain(&example.row, model)).filter_map(|example| {
        let answer = example.expected.as_ref().ok()?;
        Some(Example { name: &example.name, row: &example.row, answer })
    });
    answered.collect()
}

/// Returns true if a row has a value for each feature, and gives no warning.
fn is_plain(row: &[Cell], model: &Described) -> bool {
    let features = &model.signature.features;
    let mut cells = row.iter().zip(features);
    let is_usual = |(cell, feature): (&Cell, &Feature)| {
        check(cell.clone(), feature).is_ok_and(|checked| checked.unusual.is_none())
    };
    row.len() == features.len() && cells.all(is_usual)
}

fn cell(cell: &Cell) -> Value {
    tree(&explanation::Cell(cell))
}

fn row(model: &Described, example: &Example) -> Value {
    let cells = model.signature.features.iter().zip(example.row);
    let given = cells.filter(|(_, value)| !matches!(value, Cell::Missing));
    given.map(|(feature, value)| (feature.name.clone(), cell(value))).collect::<Map<_, _>>().into()
}

fn named(summary: &str, value: &Value) -> Value {
    object(vec![("summary", text(summary)), ("value", value.clone())])
}

fn predict_requests(model: &Described) -> Value {
    let row = |example: &Example| row(model, example);
    each_and_all(model, &row, &|row| object(vec![("patient_data", row.clone())]), "instances")
}

fn predictions(model: &Described) -> Value {
    let prediction = |example: &Example| prediction(model, example, false);
    each_and_all(model, &prediction, &Value::clone, "predictions")
}

fn outcomes(model: &Described) -> Value {
    let outcome = |example: &Example| outcomes::request(model, prediction(model, example, false));
    each_and_all(model, &outcome, &Value::clone, "outcomes")
}

/// Builds one entry per example, formatted by `one`, and a batch entry with a list under the key
/// `many`. `part` makes the content of each. A request and its answer have the same name.
fn each_and_all(
    model: &Described,
    part: &dyn Fn(&Example) -> Value,
    one: &dyn Fn(&Value) -> Value,
    many: &str,
) -> Value {
    let examples = answered(model);
    let parts: Vec<_> = examples.iter().map(part).collect();
    let mut shown = Map::new();
    for (index, (example, part)) in examples.iter().zip(&parts).enumerate() {
        shown.insert(format!("example{}", index + 1), named(example.name, &one(part)));
    }
    shown.insert("batch".into(), named("many rows", &object(vec![(many, json!(parts))])));
    shown.into()
}

fn prediction(model: &Described, example: &Example, explains: bool) -> Value {
    let (signature, notes) = (&model.signature, &model.description.outputs);
    let explanation = if explains { explained(model, example) } else { None };
    tree(&Answer::new(signature, example.row, example.answer, notes, explanation, Vec::new()))
}

/// Makes the answer to a row without any value.
fn violations(model: &Described) -> Value {
    let required =
        model.signature.features.iter().filter(|one| one.missing == MissingPolicy::Refuse);
    let missing = |place: &[&str]| {
        object(vec![
            ("type", text("missing")),
            ("loc", json!(place)),
            ("msg", text("Field required")),
            ("input", object(Vec::new())),
        ])
    };
    let mut violations: Vec<_> =
        required.map(|feature| missing(&["body", "patient_data", &feature.name])).collect();
    if violations.is_empty() {
        violations.push(missing(&["body", "patient_data"]));
    }
    object(vec![("detail", json!(violations))])
}

fn infer_requests(model: &Described) -> Value {
    let (examples, features) = (answered(model), &model.signature.features);
    let rows = examples.len();
    // A tensor for each feature.
    let columns = features.iter().enumerate().map(|(index, feature)| {
        let data: Vec<_> = examples.iter().map(|example| cell(&example.row[index])).collect();
        let datatype = tensors::datatype(feature).name();
        object(vec![
            ("name", text(&feature.name)),
            ("datatype", text(datatype)),
            ("shape", json!([rows])),
            ("data", json!(data)),
        ])
    });
    let apart = object(vec![("inputs", columns.collect())]);
    let mut requests = Map::new();
    requests.insert("apart".into(), named("a tensor for each feature", &apart));
    // One for all, if all are numbers.
    if features.iter().all(is_number) {
        let row = |example: &Example| example.row.iter().map(cell).collect::<Vec<_>>();
        let data: Vec<_> = examples.iter().map(row).collect();
        let rows = object(vec![
            ("name", text("rows")),
            ("datatype", text("FP64")),
            ("shape", json!([rows, features.len()])),
            ("data", json!(data)),
        ]);
        let together = object(vec![("inputs", json!([rows]))]);
        requests.insert("together".into(), named("one tensor for all features", &together));
    }
    requests.into()
}

fn is_number(feature: &Feature) -> bool {
    matches!(feature.kind, Kind::Number(_))
}

fn infer_response(model: &Described) -> Value {
    let predictions: Vec<_> =
        answered(model).iter().map(|example| example.answer.clone()).collect();
    let outputs: Vec<OutputTensor> = tensors::outputs(&model.description);
    let usual = outputs.iter().filter(|output| output.part != Part::Contributions);
    let answers = usual.map(|output| tensor(output, &predictions, &[], None));
    tree(&InferResponse {
        model_name: &model.signature.name,
        model_version: &model.signature.version,
        id: "42",
        parameters: None,
        outputs: answers.collect(),
    })
}
