//! Answers the rows of a block.

use crate::predict::lines::Lines;
use crate::predict::rows::{Cell, Row, Rows};
use anyhow::{Result, ensure};
use model_api_import::card::cells::Cell as Found;
use model_api_import::card::describe::Described;
use model_api_import::import::Imported;
use model_api_import::ir::evaluate::{Evaluator, Input};
use model_api_import::ir::program::Output as Wanted;
use model_api_import::verify::rows::{OTHER_CATEGORY, from_cell};
use predictor_abi::{Text, text};
use predictor_contract::check::{Fault, Unusual, inspect};
use predictor_contract::{Feature, Kind, OutputKind, OutputNotes, Value, groups};
use std::collections::BTreeMap;
use std::ops::Range;

/// The columns of answers, as the service names them. A dot is the way into an object in JSON.
const PREDICTION: &str = "prediction";
const CONFIDENCE: &str = "confidence";
const VERSION: &str = "model_version";
const GROUPS: &str = "groups";
const BASE: &str = "base";
const CONTRIBUTION: &str = "contribution";
/// The column with the reason of a refusal.
const REFUSED: &str = "refused";
/// The column with unusual values, taken all the same.
const WARNINGS: &str = "warnings";

/// The reason of a row that passes every check, and still has no answer.
const UNANSWERABLE: &str = "the model has no answer for these values together";

/// Stands for all categories that the model does not know.
const OTHER: Text = text(OTHER_CATEGORY);

/// A model, ready to answer rows.
pub struct Scorer {
    described: Described,
    evaluator: Evaluator,
    /// The names of each feature's categories, for the runner.
    categories: Vec<Vec<Text>>,
    outputs: Vec<Output>,
    /// The features with subgroups, with the names of these.
    grouped: Vec<(usize, Vec<String>)>,
    explain: bool,
    /// The columns of the answers.
    pub columns: Vec<String>,
}

/// An output of the model, and its place in the numbers of an answer.
struct Output {
    name: String,
    /// The labels of the classes; none for a number.
    labels: Option<Vec<String>>,
    /// The number of probabilities after the index of the class.
    probabilities: usize,
}

/// What became of rows.
#[derive(Debug, Default)]
pub struct Tally {
    /// The number of rows.
    pub rows: u64,
    /// The number of rows refused.
    pub refused: u64,
    /// The number of rows refused for each reason. A row may have several.
    pub reasons: BTreeMap<String, u64>,
    /// The number of rows with a value that is unusual, and taken all the same.
    pub unusual: u64,
}

impl Tally {
    /// Adds another one.
    pub fn add(&mut self, other: Self) {
        self.rows += other.rows;
        self.refused += other.refused;
        self.unusual += other.unusual;
        for (reason, count) in other.reasons {
            *self.reasons.entry(reason).or_default() += count;
        }
    }

    fn refuse(&mut self, reasons: Vec<String>) {
        self.refused += 1;
        for reason in reasons {
            *self.reasons.entry(reason).or_default() += 1;
        }
    }
}

/// The rows of a block, read and checked.
struct Checked {
    /// A value for each feature, of one row after another, without the refused ones.
    values: Vec<Input>,
    rows: Vec<CheckedRow>,
    /// The cells beside the features, of one row after another.
    carried: Vec<u8>,
}

struct CheckedRow {
    /// The place of its cells in `carried`, and true if it has any.
    carried: Range<usize>,
    is_begun: bool,
    /// The subgroups of the person.
    groups: Vec<Option<usize>>,
    warnings: Vec<String>,
    /// The reasons of its refusal; empty if it has values.
    faults: Vec<String>,
}

impl Scorer {
    /// Makes a model ready to answer rows. `explain` adds the contributions of features to the answers.
    ///
    /// # Errors
    ///
    /// If the model has no explanations, and they are asked for.
    pub fn new(imported: Imported, explain: bool) -> Result<Self> {
        let Imported { described, evaluator, .. } = imported;
        ensure!(
            !explain || described.description.explanation.is_some(),
            "the model has no explanations; leave out --explain"
        );
        let features = &described.signature.features;
        let names = |feature: &Feature| match &feature.kind {
            // They are needed until the program ends.
            Kind::Category(names) => names.iter().map(|name| text(name.clone().leak())).collect(),
            Kind::Number(_) | Kind::Flag => Vec::new(),
        };
        let categories = features.iter().map(names).collect();
        let grouped = features.iter().enumerate();
        let grouped = grouped.filter_map(|(place, feature)| Some((place, groups::names(feature)?)));
        let (grouped, outputs) = (grouped.collect(), outputs(&described));
        let mut scorer = Self {
            described,
            evaluator,
            categories,
            outputs,
            grouped,
            explain,
            columns: Vec::new(),
        };
        scorer.columns = scorer.columns();
        Ok(scorer)
    }

    fn columns(&self) -> Vec<String> {
        let features = &self.described.signature.features;
        let is_single = self.outputs.len() == 1;
        let mut columns = Vec::new();
        for output in &self.outputs {
            columns.push(if is_single {
                PREDICTION.to_owned()
            } else {
                format!("{PREDICTION}.{}", output.name)
            });
        }
        // Several outputs have no confidence, as in the answers of the service.
        if is_single && self.outputs[0].probabilities > 0 {
            columns.push(CONFIDENCE.to_owned());
        }
        columns.push(VERSION.to_owned());
        columns.extend(
            self.grouped.iter().map(|(place, _)| format!("{GROUPS}.{}", features[*place].name)),
        );
        let explained = self.outputs.iter().filter(|_| self.explain);
        let end =
            |output: &Output| if is_single { String::new() } else { format!(".{}", output.name) };
        columns.extend(explained.clone().map(|output| format!("{BASE}{}", end(output))));
        for output in explained {
            let of = |feature: &Feature| format!("{CONTRIBUTION}{}.{}", end(output), feature.name);
            columns.extend(features.iter().map(of));
        }
        columns.extend([REFUSED.to_owned(), WARNINGS.to_owned()]);
        columns
    }

    /// Returns the model's signature and description.
    pub fn described(&self) -> &Described {
        &self.described
    }

    /// Answers the rows of a block: adds a line for each to `lines`.
    pub fn answer(&self, rows: &Rows, block: &[u8], lines: &mut Lines) -> Tally {
        let Checked { values, rows, carried } = self.check(rows, block, lines);
        let features = self.described.signature.features.len().max(1);
        let mut blocks = values.chunks(features * self.evaluator.block());
        let mut ready: Option<Ready> = None;
        let mut tally = Tally::default();
        for mut row in rows {
            tally.rows += 1;
            tally.unusual += u64::from(!row.warnings.is_empty());
            lines.begin(&carried[row.carried.clone()], row.is_begun);
            if row.faults.is_empty() {
                if ready.as_ref().is_none_or(|ready| ready.next == ready.rows) {
                    ready = blocks.next().map(|values| self.ask(values));
                }
                let ready = ready.as_mut().expect("each row without a fault has its values");
                let numbers = ready.answers.of_row(ready.next);
                let contributions = ready.contributions.as_ref().map(|all| all.of_row(ready.next));
                match self.is_valid(numbers) {
                    true => self.write(lines, numbers, contributions, &row.groups),
                    false => row.faults.push(UNANSWERABLE.to_owned()),
                }
                ready.next += 1;
            }
            if !row.faults.is_empty() {
                let own = &self.columns[..self.columns.len() - 2];
                own.iter().for_each(|name| lines.nothing(name));
            }
            for (name, sentences) in [(REFUSED, &row.faults), (WARNINGS, &row.warnings)] {
                match sentences.is_empty() {
                    true => lines.nothing(name),
                    false => lines.text(name, &sentences.join("; ")),
                }
            }
            lines.end();
            if !row.faults.is_empty() {
                tally.refuse(row.faults);
            }
        }
        tally
    }

    /// True if an answer's numbers are finite, and each class has a label.
    fn is_valid(&self, numbers: &[f64]) -> bool {
        let has_label = |(output, own): (&Output, &[f64])| match &output.labels {
            Some(labels) => own[0] >= 0.0 && (own[0] as usize) < labels.len(),
            None => true,
        };
        numbers.iter().all(|number| number.is_finite())
            && each_output(&self.outputs, numbers).all(has_label)
    }

    /// Reads the rows of a block, and checks them as the service does.
    fn check(&self, rows: &Rows, block: &[u8], lines: &mut Lines) -> Checked {
        let mut checked = Checked { values: Vec::new(), rows: Vec::new(), carried: Vec::new() };
        rows.each(block, lines, &mut |row, lines| {
            let start = checked.carried.len();
            let is_begun = lines.take_parts(&mut checked.carried);
            let carried = start..checked.carried.len();
            let mut row = match row {
                Row::Cells(cells) => self.check_row(cells, &mut checked.values),
                Row::Broken(why) => CheckedRow::new(vec![why]),
            };
            (row.carried, row.is_begun) = (carried, is_begun);
            checked.rows.push(row);
        });
        checked
    }

    fn check_row(&self, cells: &[Cell], values: &mut Vec<Input>) -> CheckedRow {
        let (mut row, first) = (CheckedRow::new(Vec::new()), values.len());
        for (place, (feature, cell)) in
            self.described.signature.features.iter().zip(cells).enumerate()
        {
            match self.value(place, feature, cell) {
                Ok((value, unusual)) => {
                    values.push(value);
                    let warning =
                        |unusual: Unusual| format!("{}: {}", feature.name, unusual.sentence());
                    row.warnings.extend(unusual.map(warning));
                }
                Err(fault) => row.faults.push(format!("{}: {}", feature.name, fault.sentence())),
            }
        }
        if !row.faults.is_empty() {
            values.truncate(first);
            row.warnings.clear();
            return row;
        }
        let values = &values[first..];
        row.groups =
            self.grouped.iter().map(|(place, _)| self.group(*place, &values[*place])).collect();
        row
    }

    /// Reads a cell as a value of its feature, and checks it.
    fn value<'s>(
        &'s self,
        place: usize,
        feature: &'s Feature,
        cell: &Cell,
    ) -> Result<(Input, Option<Unusual<'s>>), Fault<'s>> {
        let reading = &self.described.readings[place];
        let cell = match cell {
            Cell::Missing => Found::Missing,
            Cell::Text(text) => reading.read(text).ok_or(Fault::WrongKind(&feature.kind))?,
            Cell::Other => return Err(Fault::WrongKind(&feature.kind)),
        };
        let categories = &self.categories[place];
        // The usual categories need no copy of their name.
        if let Found::Category(index) = cell
            && let Some(name) = categories.get(index)
        {
            return Ok((Input::Text(*name), None));
        }
        let value = from_cell(&feature.kind, cell);
        let unusual = inspect(&value, feature)?;
        let value = match value {
            Value::Number(number) => Input::Number(number),
            Value::Flag(flag) => Input::Flag(flag),
            Value::Missing => Input::Missing,
            Value::Text(name) => {
                Input::Text(*categories.iter().find(|own| own.as_str() == name).unwrap_or(&OTHER))
            }
        };
        Ok((value, unusual))
    }

    /// Returns the index of a value's subgroup.
    fn group(&self, place: usize, value: &Input) -> Option<usize> {
        let value = match value {
            Input::Number(number) => Value::Number(*number),
            Input::Flag(flag) => Value::Flag(*flag),
            Input::Text(text) => Value::Text(text.as_str().to_owned()),
            Input::Missing => Value::Missing,
        };
        groups::place(&value, &self.described.signature.features[place])
    }

    /// Asks the model, and for the contributions if they are wanted.
    fn ask(&self, values: &[Input]) -> Ready {
        let features = self.described.signature.features.len();
        let numbers: usize = self.outputs.iter().map(Output::width).sum();
        let attributions: usize = self.outputs.iter().map(Output::attributions).sum();
        // Each has its base, then a contribution and a deviation of each feature.
        let contributions = attributions * (1 + 2 * features);
        let each = |width: usize, ask: &dyn Fn(&[Input]) -> Option<Vec<f64>>| Numbers {
            numbers: each_row(values, features.max(1), width, ask),
            width,
        };
        Ready {
            answers: each(numbers, &|values| self.evaluator.numbers(values).ok()),
            contributions: self
                .explain
                .then(|| each(contributions, &|values| self.evaluator.contributions(values).ok())),
            rows: values.len() / features.max(1),
            next: 0,
        }
    }

    /// Writes an answer in the order of the columns, from its numbers and those of its contributions.
    fn write(
        &self,
        lines: &mut Lines,
        numbers: &[f64],
        contributions: Option<&[f64]>,
        groups: &[Option<usize>],
    ) {
        match &self.outputs[..] {
            [output] => {
                output.write(lines, PREDICTION, numbers);
                if output.probabilities > 0 {
                    lines.number(CONFIDENCE, numbers[1 + numbers[0] as usize]);
                }
            }
            outputs => {
                lines.open(PREDICTION);
                for (output, own) in each_output(outputs, numbers) {
                    output.write(lines, &output.name, own);
                }
                lines.close();
            }
        }
        lines.text(VERSION, &self.described.signature.version);
        if !groups.is_empty() {
            lines.open(GROUPS);
            for ((place, names), group) in self.grouped.iter().zip(groups) {
                let name = &self.described.signature.features[*place].name;
                match group {
                    Some(group) => lines.text(name, &names[*group]),
                    None => lines.nothing(name),
                }
            }
            lines.close();
        }
        if let Some(contributions) = contributions {
            self.write_contributions(lines, numbers, contributions);
        }
    }

    /// Writes the contributions to each output. Of several classes, the one answered is explained.
    fn write_contributions(&self, lines: &mut Lines, numbers: &[f64], contributions: &[f64]) {
        let features = &self.described.signature.features;
        // Each attribution has its base, then a contribution and a deviation of each feature.
        let mut rest = contributions.chunks(1 + 2 * features.len());
        let mut parts = Vec::new();
        for (output, own) in each_output(&self.outputs, numbers) {
            let place = if output.attributions() > 1 { own[0] as usize } else { 0 };
            let attributions: Vec<&[f64]> = rest.by_ref().take(output.attributions()).collect();
            parts.push((output, attributions[place].split_at(1)));
        }
        let of_one = |lines: &mut Lines, name: &str, contributions: &[f64]| {
            lines.open(name);
            for (feature, contribution) in features.iter().zip(contributions) {
                number_or_nothing(lines, &feature.name, *contribution);
            }
            lines.close();
        };
        if let [(_, (base, contributions))] = parts[..] {
            number_or_nothing(lines, BASE, base[0]);
            return of_one(lines, CONTRIBUTION, contributions);
        }
        lines.open(BASE);
        parts
            .iter()
            .for_each(|(output, (base, _))| number_or_nothing(lines, &output.name, base[0]));
        lines.close();
        lines.open(CONTRIBUTION);
        parts.iter().for_each(|(output, (_, own))| of_one(lines, &output.name, own));
        lines.close();
    }
}

/// A row may have an answer and no contributions.
fn number_or_nothing(lines: &mut Lines, name: &str, number: f64) {
    // The sum with 0 makes 0 of -0.
    match number.is_finite() {
        true => lines.number(name, number + 0.0),
        false => lines.nothing(name),
    }
}

/// Cuts the numbers of an answer into those of each output.
fn each_output<'o>(
    outputs: &'o [Output],
    numbers: &'o [f64],
) -> impl Iterator<Item = (&'o Output, &'o [f64])> {
    let mut rest = numbers;
    outputs.iter().map(move |output| {
        let (own, behind) = rest.split_at(output.width());
        rest = behind;
        (output, own)
    })
}

impl CheckedRow {
    fn new(faults: Vec<String>) -> Self {
        Self { carried: 0..0, is_begun: false, groups: Vec::new(), warnings: Vec::new(), faults }
    }
}

/// Numbers of rows, one row after another. NaN stands for those of a row without an answer.
struct Numbers {
    numbers: Vec<f64>,
    width: usize,
}

impl Numbers {
    fn of_row(&self, row: usize) -> &[f64] {
        &self.numbers[row * self.width..(row + 1) * self.width]
    }
}

/// The answers to some rows, of which some are used.
struct Ready {
    answers: Numbers,
    contributions: Option<Numbers>,
    rows: usize,
    next: usize,
}

/// Asks for the numbers of rows. After a failure it asks for each row alone, so one bad row does not
/// fail the others.
fn each_row(
    values: &[Input],
    features: usize,
    width: usize,
    ask: &dyn Fn(&[Input]) -> Option<Vec<f64>>,
) -> Vec<f64> {
    let rows = values.len() / features;
    match ask(values) {
        Some(numbers) if numbers.len() == rows * width => numbers,
        _ if rows > 1 => {
            values.chunks(features).flat_map(|row| each_row(row, features, width, ask)).collect()
        }
        _ => vec![f64::NAN; width * rows],
    }
}

fn outputs(described: &Described) -> Vec<Output> {
    let notes = &described.description.outputs;
    let output = |(notes, wanted): (&OutputNotes, &Wanted)| {
        let labels = match &notes.kind {
            OutputKind::Classes(labels) => Some(labels.clone()),
            OutputKind::Quantity(_) => None,
        };
        let probabilities = match wanted {
            Wanted::Class { probabilities: Some(_), .. } => labels.as_ref().map_or(0, Vec::len),
            _ => 0,
        };
        Output { name: notes.name.clone(), labels, probabilities }
    };
    notes.iter().zip(&described.outputs).map(output).collect()
}

impl Output {
    /// Writes the label or the number of an answer.
    fn write(&self, lines: &mut Lines, name: &str, numbers: &[f64]) {
        match &self.labels {
            Some(labels) => lines.text(name, &labels[numbers[0] as usize]),
            None => lines.number(name, numbers[0]),
        }
    }

    /// Returns the count of its numbers in an answer.
    fn width(&self) -> usize {
        1 + self.probabilities
    }

    /// Returns the count of its attributions: one for each of more than two classes.
    fn attributions(&self) -> usize {
        self.labels.as_ref().map(Vec::len).filter(|classes| *classes > 2).unwrap_or(1)
    }
}
