//! Predictions from rows of values.

use crate::budget::Budget;
use crate::error::{Error, Result};
use crate::evaluate::{Failure, Slots, evaluate};
use crate::ops::encode::is_same;
use crate::table::{self, Column, Input, NONE, Output, Table};
use crate::tensor::{Data, Shape, Tensor};
use alloc::vec::Vec;
use predictor_abi::{
    Answer, Classification, List, Maybe, Output as Answered, Refusal, RefusalReason, Text, Value,
    collect, scratch, text,
};

/// The refusal of a row without a finite number or a known class as its answer.
const NO_ANSWER: Answer = Answer::Err(Refusal {
    reason: RefusalReason::Unanswerable,
    feature: Maybe::None,
    message: text("the model has no answer for these values together"),
});

/// Answers a batch, block by block.
///
/// `values` has the rows one after another: the value of row `r` for feature `f` is at index
/// `r * features + f`. The result has one answer for each row, in order. A row without an answer is
/// refused as [`RefusalReason::Unanswerable`].
pub fn predict(table: Table<'static>, values: &[Value]) -> List<Answer> {
    let features = (table.header.features as usize).max(1);
    let rows = values.len() / features;
    let parts = parts(table).unwrap_or_default();
    let width = parts.iter().map(Part::width).sum();
    // Evaluate block after block. The memory of a block is freed after it; only its results stay.
    let mut results = Results { width, numbers: Vec::with_capacity(width * rows) };
    for block in values.chunks(features * (table.header.block as usize).max(1)) {
        // SAFETY: only numbers leave the block, into room taken before it.
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

/// The form of an output. It is the same for all rows.
enum Part {
    /// The labels of the classes. With probabilities, the index of the class comes before them.
    Class {
        labels: &'static [Text],
        has_probabilities: bool,
    },
    Quantity,
}

impl Part {
    /// Returns the count of numbers in an answer of this form.
    fn width(&self) -> usize {
        match self {
            Self::Class { labels, has_probabilities: true } => 1 + labels.len(),
            Self::Class { .. } | Self::Quantity => 1,
        }
    }
}

/// Reads the form of each output.
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

/// The numbers behind each row's answer: for a class its index and its probabilities, for a
/// quantity its value. NaN stands for a missing number.
struct Results {
    width: usize,
    numbers: Vec<f64>,
}

impl Results {
    /// Evaluates the rows of a block. After a failure, evaluates each row alone, so one bad row
    /// does not fail the others.
    fn add(&mut self, table: Table<'static>, values: &[Value], features: usize) {
        let rows = values.chunks(features);
        match evaluate_rows(table, values, Budget::UNBOUNDED) {
            // Only as many as there is room for: a list that grew would be freed with the block.
            Ok(numbers) if numbers.len() == rows.len() * self.width => {
                self.numbers.extend_from_slice(&numbers);
            }
            _ if rows.len() > 1 => rows.for_each(|row| self.add(table, row, features)),
            _ => self.numbers.extend(core::iter::repeat_n(f64::NAN, self.width)),
        }
    }
}

/// Returns the numbers of all rows' answers, row after row: for a class its index and, if the
/// output has them, the probabilities; for a quantity its value.
///
/// `values` has the layout of [`predict`].
///
/// # Errors
///
/// If a node has no output for these rows: the failure of this node.
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

/// Fills the slots of the inputs, and runs the nodes.
pub(crate) fn fill<'t>(
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

/// Returns the memory taken by the rows, in bytes: the size of all inputs and outputs of nodes,
/// without constants. `values` has the layout of [`predict`].
///
/// # Errors
///
/// If a node has no output for these rows: the failure of this node.
pub fn bytes_of_rows(
    table: Table,
    values: &[Value],
    budget: Budget,
) -> core::result::Result<usize, Failure> {
    let rows = values.len() / (table.header.features as usize).max(1);
    Ok(fill(table, values, rows, budget)?.allocated)
}

/// Returns the steps taken by the rows. `values` has the layout of [`predict`].
///
/// # Errors
///
/// If a node has no output for these rows: the failure of this node.
pub fn steps_of_rows(
    table: Table,
    values: &[Value],
    budget: Budget,
) -> core::result::Result<u64, Failure> {
    let rows = values.len() / (table.header.features as usize).max(1);
    Ok(budget.steps() - fill(table, values, rows, budget)?.budget.steps())
}

/// Returns a number of a tensor. The tensor has the same number of columns for each of the rows.
pub(crate) fn number(tensor: &Tensor, row: usize, column: usize, rows: usize) -> Result<f64> {
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

/// Makes the tensor of an input, `[rows, columns]`, from the rows' values.
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

/// Encodes a value as the number used in training. A missing value is NaN, unless the column has a
/// code for it.
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
            names.iter().position(|name| is_same(name, text.as_str())).unwrap_or(names.len())
        }
        _ => names.len() + 1,
    };
    codes.get(code).copied().ok_or(Error("lacks a code"))
}

/// Encodes a value as the string used in training. A missing value is the empty string, unless the
/// column has a string for it.
fn text_of<'t>(column: &Column, row: &[Value], slots: &Slots<'t>) -> Result<&'t str> {
    match row.get(column.feature as usize) {
        Some(Value::Text(text)) => Ok(text.as_str()),
        _ if column.codes == NONE => Ok(""),
        _ => slots.get(column.codes)?.as_texts()?.first().copied().ok_or(Error("lacks a text")),
    }
}

/// Makes the answer of one row.
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
    // NaN is no index.
    let place = Some(*class).filter(|class| *class >= 0.0)? as usize;
    let label = text(labels.get(place)?.as_str());
    if probabilities.iter().any(|probability| !probability.is_finite()) {
        return None;
    }
    let confidence = probabilities.get(place).map_or(Maybe::None, |one| Maybe::Some(*one));
    let probabilities = List::of(probabilities);
    Some(Answered::Class(Classification { label, confidence, probabilities }))
}
