//! From rows of values to predictions.

use crate::budget::Budget;
use crate::error::{Error, Result};
use crate::evaluate::{Failure, Slots, evaluate};
use crate::table::{self, Column, Input, NONE, Output, Table};
use crate::tensor::{Data, Shape, Tensor};
use alloc::vec::Vec;
use predictor_abi::{
    Answer, Classification, List, Maybe, Output as Answered, Refusal, RefusalReason, Text, Value,
    collect, scratch, text,
};

/// The refusal of a row for which the model has no finite number, or no class.
const NO_ANSWER: Answer = Answer::Err(Refusal {
    reason: RefusalReason::Unanswerable,
    feature: Maybe::None,
    message: text("the model has no answer for these values together"),
});

/// Answers rows, of which each has a value for each feature.
pub fn predict(table: Table<'static>, values: &[Value]) -> List<Answer> {
    let features = (table.header.features as usize).max(1);
    let rows = values.len() / features;
    let parts = parts(table).unwrap_or_default();
    let width = parts.iter().map(Part::width).sum();
    // Evaluate block after block. What a block needs is given back; its results are kept.
    let mut results = Results { width, numbers: Vec::with_capacity(width * rows) };
    for block in values.chunks(features * (table.header.block as usize).max(1)) {
        // SAFETY: only numbers leave the block, into room that was taken before it.
        unsafe { scratch(|| results.add(table, block, features)) };
    }
    // Answer from the results.
    let numbers = collect(results.numbers.len(), results.numbers.iter().copied()).as_slice();
    let answer = |row: usize| match numbers.get(row * width..(row + 1) * width) {
        Some(numbers) => answer(&parts, numbers),
        None => NO_ANSWER,
    };
    collect(rows, (0..rows).map(answer))
}

/// The form of an output, which is the same for all rows.
enum Part {
    /// The labels of the classes. With probabilities, the class's place comes before them.
    Class {
        labels: &'static [Text],
        has_probabilities: bool,
    },
    Quantity,
}

impl Part {
    /// The number of numbers that an answer of this form is made of.
    fn width(&self) -> usize {
        match self {
            Self::Class { labels, has_probabilities: true } => 1 + labels.len(),
            Self::Class { .. } | Self::Quantity => 1,
        }
    }
}

/// The form of each output.
fn parts(table: Table<'static>) -> Result<Vec<Part>> {
    let part = |output: Result<Output>| match output? {
        Output::Class { probabilities, labels, .. } => {
            let constant = table.constants().nth(labels as usize);
            let constant = constant.ok_or(Error("lacks its labels"))??;
            let texts = constant.as_texts()?.iter().copied().map(text);
            let labels = collect(constant.shape.size(), texts).as_slice();
            Ok(Part::Class { labels, has_probabilities: probabilities != NONE })
        }
        Output::Quantity { .. } => Ok(Part::Quantity),
    };
    table.outputs().map(part).collect()
}

/// The numbers that a row's answer is made of, for each row: for a class its place and its
/// probabilities, for a quantity itself. NaN stands for what is not there.
struct Results {
    width: usize,
    numbers: Vec<f64>,
}

impl Results {
    /// Evaluates the rows of a block. If they have no answer together, each is asked alone: one bad
    /// row does not fail the others.
    fn add(&mut self, table: Table<'static>, values: &[Value], features: usize) {
        let rows = values.chunks(features);
        match evaluate_rows(table, values, Budget::UNBOUNDED) {
            // As many as there is room for: a list that grew would be taken back with the block.
            Ok(numbers) if numbers.len() == rows.len() * self.width => {
                self.numbers.extend_from_slice(&numbers);
            }
            _ if rows.len() > 1 => rows.for_each(|row| self.add(table, row, features)),
            _ => self.numbers.extend(core::iter::repeat_n(f64::NAN, self.width)),
        }
    }
}

/// The numbers of each row's answer.
///
/// # Errors
///
/// The node that has no answer for these rows.
pub fn evaluate_rows(
    table: Table,
    values: &[Value],
    budget: Budget,
) -> core::result::Result<Vec<f64>, Failure> {
    let rows = values.len() / (table.header.features as usize).max(1);
    let slots = fill(table, values, rows, budget)?;
    // Read the outputs row by row.
    let outputs = table.outputs().collect::<Result<Vec<_>>>()?;
    let mut numbers = Vec::new();
    for row in 0..rows {
        for output in &outputs {
            match output {
                Output::Class { slot, probabilities, .. } => {
                    numbers.push(number(slots.get(*slot)?, row, 0, rows)?);
                    if *probabilities != NONE {
                        let probabilities = slots.get(*probabilities)?;
                        for column in 0..probabilities.shape.size() / rows {
                            numbers.push(number(probabilities, row, column, rows)?);
                        }
                    }
                }
                Output::Quantity { slot, column } => {
                    numbers.push(number(slots.get(*slot)?, row, *column as usize, rows)?);
                }
            }
        }
    }
    Ok(numbers)
}

/// Fills the slots of the inputs, and evaluates the nodes.
fn fill<'t>(
    table: Table<'t>,
    values: &[Value],
    rows: usize,
    budget: Budget,
) -> core::result::Result<Slots<'t>, Failure> {
    let mut slots = Slots::with_constants(table, budget)?;
    let first = table.header.constants[1];
    for (slot, input) in (first..).zip(table.inputs()) {
        let tensor = tensor(&input?, values, rows, table.header.features as usize, &slots)?;
        slots.set(slot, tensor)?;
    }
    evaluate(table, table.nodes(), &mut slots)?;
    Ok(slots)
}

/// The memory that rows take: that of all values that are no constants.
///
/// # Errors
///
/// The node that has no answer for these rows.
pub fn bytes_of_rows(
    table: Table,
    values: &[Value],
    budget: Budget,
) -> core::result::Result<usize, Failure> {
    let rows = values.len() / (table.header.features as usize).max(1);
    Ok(fill(table, values, rows, budget)?.allocated)
}

/// A number of a tensor that has as many columns for each of the rows.
fn number(tensor: &Tensor, row: usize, column: usize, rows: usize) -> Result<f64> {
    let (size, missing) = (tensor.shape.size(), Error("has another number of rows"));
    let columns = size / rows;
    if size % rows != 0 || column >= columns {
        return Err(missing);
    }
    let place = row * columns + column;
    match &tensor.data {
        Data::Float(values) => values.get(place).map(|value| f64::from(*value)),
        Data::Double(values) => values.get(place).copied(),
        Data::Int(values) => values.get(place).map(|value| *value as f64),
        _ => None,
    }
    .ok_or(missing)
}

/// The rows' values for the columns of an input.
fn tensor<'t>(
    input: &Input,
    values: &[Value],
    rows: usize,
    features: usize,
    slots: &Slots<'t>,
) -> Result<Tensor<'t>> {
    let shape = Shape::new(&[rows, input.columns.len()])?;
    let rows = values.chunks_exact(features.max(1));
    let cells = rows.flat_map(|row| input.columns.iter().map(move |column| (column, row)));
    let value = |(column, row): (&Column, &[Value])| number_of(column, row, slots);
    match input.kind {
        table::FLOAT => {
            let values = cells.map(|cell| value(cell).map(|value| value as f32));
            Tensor::float(shape, values.collect::<Result<_>>()?)
        }
        table::DOUBLE => Tensor::double(shape, cells.map(value).collect::<Result<_>>()?),
        table::INT => {
            let values = cells.map(|cell| value(cell).map(|value| value as i64));
            Tensor::int(shape, values.collect::<Result<_>>()?)
        }
        table::BOOL => {
            let values = cells.map(|cell| value(cell).map(|value| value != 0.0));
            Tensor::bool(shape, values.collect::<Result<_>>()?)
        }
        table::TEXT => {
            let values = cells.map(|(column, row)| text_of(column, row, slots));
            Tensor::new(shape, Data::Text(values.collect::<Result<Vec<&str>>>()?.into()))
        }
        _ => Err(Error("is a broken table")),
    }
}

/// A value as the number that the model was trained on. A missing one is NaN, unless the column has
/// a code for it.
fn number_of(column: &Column, row: &[Value], slots: &Slots) -> Result<f64> {
    let value = row.get(column.feature as usize).ok_or(Error("lacks a feature"))?;
    if column.categories == NONE {
        return Ok(match value {
            Value::Number(number) => *number,
            Value::Flag(flag) => f64::from(u8::from(*flag)),
            Value::Text(_) | Value::Missing => f64::NAN,
        });
    }
    let names = slots.get(column.categories)?.as_texts()?;
    let codes = slots.get(column.codes)?.to_doubles()?;
    let code = match value {
        Value::Text(text) => {
            names.iter().position(|name| *name == text.as_str()).unwrap_or(names.len())
        }
        _ => names.len() + 1,
    };
    codes.get(code).copied().ok_or(Error("lacks a code"))
}

/// A value as the text that the model was trained on. A missing one is empty, unless the column has a
/// text for it.
fn text_of<'t>(column: &Column, row: &[Value], slots: &Slots<'t>) -> Result<&'t str> {
    match row.get(column.feature as usize) {
        Some(Value::Text(text)) => Ok(text.as_str()),
        _ if column.codes == NONE => Ok(""),
        _ => slots.get(column.codes)?.as_texts()?.first().copied().ok_or(Error("lacks a text")),
    }
}

/// The answer of one row.
fn answer(parts: &[Part], numbers: &'static [f64]) -> Answer {
    let mut rest = numbers;
    let outputs = parts.iter().map(|part| {
        let (own, behind) = rest.split_at_checked(part.width())?;
        rest = behind;
        match part {
            Part::Class { labels, .. } => classification(own, labels),
            Part::Quantity => Some(Answered::Quantity(own[0])).filter(|_| own[0].is_finite()),
        }
    });
    match outputs.collect::<Option<Vec<_>>>() {
        Some(outputs) => Answer::Ok(collect(outputs.len(), outputs.into_iter())),
        None => NO_ANSWER,
    }
}

fn classification(numbers: &'static [f64], labels: &'static [Text]) -> Option<Answered> {
    let (class, probabilities) = numbers.split_first()?;
    // NaN is no place.
    let place = Some(*class).filter(|class| *class >= 0.0)? as usize;
    let label = text(labels.get(place)?.as_str());
    if probabilities.iter().any(|probability| !probability.is_finite()) {
        return None;
    }
    let confidence = probabilities.get(place).map_or(Maybe::None, |one| Maybe::Some(*one));
    let probabilities = List::of(probabilities);
    Some(Answered::Class(Classification { label, confidence, probabilities }))
}
