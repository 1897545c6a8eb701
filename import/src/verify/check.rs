//! Checks of a model by asking it: made-up rows, the card's examples, and data.

use crate::card::Card;
use crate::card::data::{self, Data};
use crate::card::describe::Described;
use crate::contract::{Classification, Example, MissingPolicy, Output, OutputKind, Value};
use crate::ir::evaluate::{Evaluator, with_advice};
use crate::ir::model::{Answer, Model};
use crate::ir::program::{self, Output as Wanted};
use crate::verify::rows;
use anyhow::{Context, Result, bail, ensure};

/// The rows that are made up to ask a model. A multiple of a few, so that shapes which fit one number
/// of rows only are found.
const MADE_UP: u64 = 63;

/// How far the answer to an example may be from what the same model answered here, as a part of it.
const TOLERANCE: f64 = 1e-6;

/// The memory that a block of rows may take, in bytes: that of an instance has room for it beside the
/// rows and the answers of a batch.
const BLOCK_BYTES: usize = 4 << 20;

/// The most rows of a block: more would not be faster.
const MAX_BLOCK: usize = 128;

/// Writes the table of a model, with blocks of a size that its memory fits.
///
/// # Errors
///
/// If the model has no answer for made-up rows, by the name of the node at fault.
pub fn write(model: &Model, described: &Described) -> Result<Evaluator> {
    let rows = made_up(described);
    let features = described.signature.features.len();
    let write = |block: usize| -> Result<Evaluator> {
        let written =
            program::write(&model.graph, &described.outputs, &described.cells, features, block)?;
        Ok(Evaluator::new(written))
    };
    let evaluator = write(MAX_BLOCK)?;
    evaluator.numbers(&rows).map_err(|error| with_advice(&model.graph, error))?;
    let each = evaluator.bytes(&rows[..features])?;
    ensure!(
        each <= BLOCK_BYTES * 4,
        "a row needs {each} bytes to be evaluated, and an instance has not as many"
    );
    let block = (BLOCK_BYTES / each.max(1)).clamp(1, MAX_BLOCK);
    if block == MAX_BLOCK { Ok(evaluator) } else { write(block) }
}

fn made_up(described: &Described) -> Vec<predictor_abi::Value> {
    let rows = (0..MADE_UP).flat_map(|seed| rows::made_up(&described.signature, seed));
    rows::to_runner(&rows.collect::<Vec<Value>>())
}

/// Keeps the probabilities of a classifier if they are: one for each class, from 0 to 1, with a sum of
/// 1. Other scores are left out, and said to be.
///
/// # Errors
///
/// If the model has no answer for made-up rows.
pub fn keep_probabilities(model: &mut Model, described: &mut Described) -> Result<Option<String>> {
    let Some(Wanted::Class { probabilities: Some(scores), .. }) =
        described.outputs.first().copied()
    else {
        return Ok(None);
    };
    let Answer::Class { labels, .. } = &model.answer else { return Ok(None) };
    let classes = labels.len();
    let is_matrix = crate::ir::evaluate::columns(&model.graph, scores)? == classes;
    if is_matrix && are_probabilities(model, described, classes)? {
        return Ok(None);
    }
    if let Some(Wanted::Class { probabilities, .. }) = described.outputs.first_mut() {
        *probabilities = None;
    }
    Ok(Some("the model's scores are no probabilities, and are left out of its answers".to_owned()))
}

fn are_probabilities(model: &Model, described: &Described, classes: usize) -> Result<bool> {
    let numbers = write(model, described)?.numbers(&made_up(described))?;
    if numbers.len() != MADE_UP as usize * (1 + classes) {
        return Ok(false);
    }
    // A row's class comes before its probabilities.
    for row in numbers.chunks(1 + classes) {
        let probabilities = &row[1..];
        // A row without any answer says nothing.
        if probabilities.iter().any(|value| value.is_nan()) {
            continue;
        }
        let sum: f64 = probabilities.iter().sum();
        let is_one = (sum - 1.0).abs() < 1e-3;
        if !is_one || probabilities.iter().any(|value| !(-1e-6..=1.0 + 1e-6).contains(value)) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The features that are said to take missing values, and for which the model has no answer then.
pub fn without_missing(evaluator: &Evaluator, described: &Described) -> Vec<String> {
    let row = rows::made_up(&described.signature, 1);
    let mut found = Vec::new();
    for (place, feature) in described.signature.features.iter().enumerate() {
        if feature.missing == MissingPolicy::Refuse {
            continue;
        }
        let mut row = row.clone();
        row[place] = Value::Missing;
        if !matches!(answers(evaluator, &rows::to_runner(&row))[..], [Some(_)]) {
            found.push(feature.name.clone());
        }
    }
    found
}

/// The card's examples with the model's answers.
///
/// # Errors
///
/// If the model has no answer, or another one than the card expects.
pub fn examples(evaluator: &Evaluator, described: &Described, card: &Card) -> Result<Vec<Example>> {
    ensure!(!card.examples.is_empty(), "the card has no example; give it an [[example]]");
    card.examples
        .iter()
        .map(|example| {
            let answered = (|| -> Result<Example> {
                let row = rows::from_table(&described.signature, &example.row)?;
                for (feature, value) in described.signature.features.iter().zip(&row) {
                    let is_there =
                        *value != Value::Missing || feature.missing != MissingPolicy::Refuse;
                    ensure!(is_there, "{} is missing", feature.name);
                }
                let outputs = answer(evaluator, &row)?;
                if let Some(expected) = &example.expected {
                    compare(described, &outputs, expected)?;
                }
                Ok(Example {
                    name: example.name.clone(),
                    row,
                    tolerance: tolerance(&outputs),
                    expected: outputs,
                })
            })();
            answered.with_context(|| format!("example {:?}", example.name))
        })
        .collect()
}

/// The model's answers to rows; none where it has no answer.
pub fn answers(evaluator: &Evaluator, rows: &[predictor_abi::Value]) -> Vec<Option<Vec<Output>>> {
    let answer = |answer: &predictor_abi::Answer| match answer {
        predictor_abi::Answer::Ok(outputs) => Some(outputs.as_slice().iter().map(output).collect()),
        predictor_abi::Answer::Err(_) => None,
    };
    evaluator.predict(rows).iter().map(answer).collect()
}

/// The model's answer to a row.
fn answer(evaluator: &Evaluator, row: &[Value]) -> Result<Vec<Output>> {
    match answers(evaluator, &rows::to_runner(row)).pop().flatten() {
        Some(outputs) => Ok(outputs),
        // Say which node it was, if it was one.
        None => match evaluator.numbers(&rows::to_runner(row)) {
            Ok(_) => bail!("the model has no finite answer for it"),
            Err(error) => Err(error),
        },
    }
}

fn output(output: &predictor_abi::Output) -> Output {
    match output {
        predictor_abi::Output::Quantity(number) => Output::Quantity(*number),
        predictor_abi::Output::Class(class) => Output::Class(Classification {
            label: class.label.as_str().to_owned(),
            confidence: match class.confidence {
                predictor_abi::Maybe::Some(confidence) => Some(confidence),
                predictor_abi::Maybe::None => None,
            },
            probabilities: class.probabilities.as_slice().to_vec(),
        }),
    }
}

fn tolerance(outputs: &[Output]) -> f64 {
    let size = |output: &Output| match output {
        Output::Quantity(number) => number.abs(),
        Output::Class(_) => 1.0,
    };
    TOLERANCE * outputs.iter().map(size).fold(1.0, f64::max)
}

fn compare(described: &Described, outputs: &[Output], expected: &toml::Table) -> Result<()> {
    let notes = &described.description.outputs;
    for key in expected.keys() {
        ensure!(notes.iter().any(|notes| notes.name == *key), "{key:?} is no output");
    }
    for (notes, output) in notes.iter().zip(outputs) {
        let is_as_expected = match (expected.get(&notes.name), output) {
            (None, _) => true,
            (Some(toml::Value::String(label)), Output::Class(class)) => *label == class.label,
            (Some(toml::Value::Float(number)), Output::Quantity(given)) => near(*number, *given),
            (Some(toml::Value::Integer(number)), Output::Quantity(given)) => {
                near(*number as f64, *given)
            }
            _ => false,
        };
        ensure!(
            is_as_expected,
            "the model answers {}, and the card expects {:?}",
            shown(output),
            expected[&notes.name]
        );
    }
    Ok(())
}

fn near(expected: f64, given: f64) -> bool {
    // People round what they write down.
    (expected - given).abs() <= 1e-3 * expected.abs().max(1.0)
}

/// An answer for people.
pub fn shown(output: &Output) -> String {
    match output {
        Output::Quantity(number) => format!("{number}"),
        Output::Class(Classification { label, confidence: Some(confidence), .. }) => {
            format!("{label:?} ({confidence:.3})")
        }
        Output::Class(class) => format!("{:?}", class.label),
    }
}

/// What a model answers for the rows of data, against its own predictions and the target there.
///
/// # Errors
///
/// If a cell is of the wrong type.
pub fn agreement(
    evaluator: &Evaluator,
    described: &Described,
    data: &Data,
    target: Option<&str>,
) -> Result<Vec<String>> {
    let mut report = Vec::new();
    let mut values = Vec::new();
    for row in &data.rows {
        values.extend(rows::from_data(described, data, row)?);
    }
    let answers = answers(evaluator, &rows::to_runner(&values));
    let answered = answers.iter().flatten().count();
    report.push(format!("{answered} of {} rows of the data have an answer", data.rows.len()));
    if let Some(column) = data.column("prediction") {
        report.push(score(described, data, &answers, column, "the column \"prediction\""));
    }
    let is_feature =
        |name: &String| described.signature.features.iter().any(|feature| feature.name == *name);
    let others: Vec<&String> =
        data.columns.iter().filter(|name| !is_feature(name) && *name != "prediction").collect();
    let target = match (target, &others[..]) {
        (Some(target), _) => Some(target),
        (None, [other]) => Some(other.as_str()),
        _ => None,
    };
    if let Some(target) = target {
        let column =
            data.column(target).with_context(|| format!("the data has no column {target:?}"))?;
        report.push(score(described, data, &answers, column, &format!("the target {target:?}")));
    }
    Ok(report)
}

/// The share of labels that are those of a column, or the distance of numbers from it.
fn score(
    described: &Described,
    data: &Data,
    answers: &[Option<Vec<Output>>],
    column: usize,
    name: &str,
) -> String {
    let pairs =
        data.rows.iter().zip(answers).filter_map(|(row, answer)| {
            Some((data::value(row, column)?, answer.as_ref()?.first()?))
        });
    if let Some(OutputKind::Classes(_)) =
        described.description.outputs.first().map(|output| &output.kind)
    {
        let (mut right, mut all) = (0, 0);
        for (cell, output) in pairs {
            if let Output::Class(class) = output {
                all += 1;
                right += usize::from(same_label(&class.label, cell));
            }
        }
        return format!("{right} of {all} labels are those of {name}");
    }
    let mut errors: Vec<f64> = Vec::new();
    for (cell, output) in pairs {
        if let (Ok(expected), Output::Quantity(given)) = (cell.parse::<f64>(), output) {
            errors.push((expected - given).abs());
        }
    }
    let mean = errors.iter().sum::<f64>() / errors.len().max(1) as f64;
    let most = errors.iter().copied().fold(0.0, f64::max);
    format!("the answers are {mean:.3e} from {name} in the mean, {most:.3e} at most")
}

/// Labels are the same as texts, or as numbers: 1 and 1.0.
fn same_label(label: &str, cell: &str) -> bool {
    label == cell
        || matches!((label.parse::<f64>(), cell.parse::<f64>()), (Ok(label), Ok(cell)) if label == cell)
}
