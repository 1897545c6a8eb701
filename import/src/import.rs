//! Imports a model, from its file to its component.

use crate::card::Card;
use crate::card::columns::Columns;
use crate::card::describe::Described;
use crate::card::outcome::{self, Outcome};
use crate::card::profile::Spread;
use crate::card::reference::reference;
use crate::card::table::{InFile, Table};
use crate::card::transparency;
use crate::emit::component;
use crate::emit::write::write;
use crate::explain::covers::{self, Covers};
use crate::explain::{self, Explained};
use crate::files::Files;
use crate::formats;
use crate::ir::evaluate::Evaluator;
use crate::ir::model::{Answer, Choice, Model};
use crate::paper::{Paper, find_columns};
use crate::verify::agreement::Agreement;
use crate::verify::answers::{Asked, Spreads, each_answer, shown};
use crate::verify::performance::{Measured, Measuring};
use crate::verify::{examples, synthetic};
use anyhow::{Context, Result, anyhow};
use sha2::{Digest, Sha256};
use std::path::Path;

/// An imported model.
pub struct Imported {
    /// The model's signature and description, with the answers to its examples.
    pub described: Described,
    /// The program of the component, ready to answer rows.
    pub evaluator: Evaluator,
    /// The bytes of the WebAssembly component.
    pub component: Vec<u8>,
    /// What the import found out, to be written beside the model.
    pub notes: Notes,
}

/// The facts of an import for later ones: its card, and the covers of its trees.
pub struct Notes {
    paper: Paper,
    /// The covers as text, if they are new.
    covers: Option<String>,
}

impl Notes {
    /// Writes them to the card's file and to the one of the covers beside it, if they differ from what
    /// is there. Calls `say` with each change.
    ///
    /// # Errors
    ///
    /// If a file cannot be written.
    pub fn write(&self, card: &Path, say: &mut dyn FnMut(String)) -> Result<()> {
        self.paper.write(card, say)?;
        if let Some(text) = &self.covers {
            let path = covers::beside(card);
            write(&path, text.as_bytes())?;
            say(format!(
                "{}: the rows at each node of its trees, for explanations",
                path.display()
            ));
        }
        Ok(())
    }
}

/// Makes a component of a model, and writes its card. Calls `say` with each line of progress and results.
///
/// # Errors
///
/// As for [`prepare`], or if the card cannot be written.
pub fn import(files: &Files, runner: &[u8], say: &mut dyn FnMut(String)) -> Result<Imported> {
    let imported = prepare(files, runner, say)?;
    // Write the card only now, after all checks. A mistake in the data then leaves no trace in it.
    imported.notes.write(files.card, say)?;
    Ok(imported)
}

/// Makes a component of a model, and writes no file.
///
/// # Errors
///
/// If the model is not supported, if it disagrees with its card, or if its answers agree with the
/// data no better than chance.
pub fn prepare(files: &Files, runner: &[u8], say: &mut dyn FnMut(String)) -> Result<Imported> {
    let Opened { bytes, mut model, card, table, test } = open(files)?;
    say(format!("{}: {}; {}", files.model.display(), model.source, counted(&model)));
    model.notes.iter().for_each(|note| say(format!("  {note}")));
    // Find the columns of the data, and draft or complete the card.
    let columns = table
        .as_ref()
        .map(|table| find_columns(files, &model, card.as_ref(), table))
        .transpose()?;
    let data = table.as_ref().zip(columns.as_ref());
    let mut paper = match card {
        None => Paper::draft(files, &mut model, data, say)?,
        Some(card) => Paper::complete(files, &mut model, card, data, say)?,
    };
    let held_out = find_held_out(files, &model, &paper.card, test.as_ref(), data)?;
    // Ask the model, and find a way to explain its answers. Performance that is computed anew below may
    // be that of other subgroups.
    let mut card = Card::parse(&paper.text).in_file(files.card)?;
    if held_out.is_some() || columns.as_ref().is_some_and(|columns| columns.target.is_some()) {
        card.forget_computed();
    }
    let digest = digest(&bytes);
    let (mut described, evaluator) =
        ask(&mut model, &card, digest.clone(), say).in_file(files.card)?;
    let saved = covers::read(files.card, &digest);
    let facts = Facts { data, covers: saved.as_deref().map(covers::parse).unwrap_or_default() };
    let (evaluator, covers) =
        explain(&mut model, &mut described, evaluator, &mut paper, facts, say)?;
    let held_out = test.as_ref().zip(held_out.as_ref());
    let facts = compare(files, &evaluator, &described, data, held_out, say)?;
    complete(&mut paper, &mut described, facts, say).in_file(files.card)?;
    let covers = match covers.is_empty() {
        true => saved,
        false => Some(covers::text(&digest, &covers)),
    };
    // Put the component together.
    let of_covers = covers.as_deref().unwrap_or_default().as_bytes();
    let stamp = stamp([runner, &bytes, paper.text.as_bytes(), of_covers]);
    let component = component::build(runner, &described, &evaluator.words, &stamp)?;
    let notes = Notes { paper, covers: covers.filter(|_| data.is_some()) };
    Ok(Imported { described, evaluator, component, notes })
}

/// The files of an import, read or open.
pub struct Opened {
    /// The model's file.
    pub bytes: Vec<u8>,
    /// The model in it.
    pub model: Model,
    /// The card, if there is one.
    pub card: Option<Card>,
    /// The data, with its header read.
    pub table: Option<Table>,
    /// The held-out rows, with their header read.
    pub test: Option<Table>,
}

/// Reads the model and its card, and opens the tables.
///
/// # Errors
///
/// If a file cannot be read, or is of no supported format.
pub fn open(files: &Files) -> Result<Opened> {
    let bytes = std::fs::read(files.model).map_err(Into::into).in_file(files.model)?;
    let open = |path: Option<&Path>| path.map(|path| Table::open(path).in_file(path)).transpose();
    let (table, test) = (open(files.data)?, open(files.test)?);
    let card = files.card.exists().then(|| Card::read(files.card)).transpose()?;
    let width = width(files, card.as_ref(), table.as_ref().or(test.as_ref()));
    let model = formats::read(files.model, &bytes, width).in_file(files.model)?;
    Ok(Opened { bytes, model, card, table, test })
}

/// Finds the columns of the held-out rows. Their target has the name of the data's target.
///
/// # Errors
///
/// If the file is that of the data, if a feature has no column, or if there is no target.
fn find_held_out(
    files: &Files,
    model: &Model,
    card: &Card,
    test: Option<&Table>,
    data: Option<(&Table, &Columns)>,
) -> Result<Option<Columns>> {
    let (Some(test), Some(path)) = (test, files.test) else { return Ok(None) };
    if files.data.is_some_and(|data| data.canonicalize().ok() == path.canonicalize().ok()) {
        return Err(anyhow!("these rows are the data, and not held out; leave out --test"))
            .in_file(path);
    }
    let named = data.and_then(|(table, columns)| Some(&table.columns[columns.target?][..]));
    let files = Files { data: files.test, target: files.target.or(named), ..*files };
    let columns = find_columns(&files, model, Some(card), test)?;
    if columns.target.is_none() {
        return Err(anyhow!("it has no target; name its column: --target …")).in_file(path);
    }
    Ok(Some(columns))
}

/// The facts of rows about the model's answers.
#[derive(Default)]
struct AnswerFacts {
    /// The distribution of each output's answers to the data; none without data.
    spreads: Vec<Option<Spread>>,
    measured: Option<Measured>,
    is_held_out: bool,
}

/// Compares the model's answers with the data, and measures them: on the held-out rows, or else on
/// the data.
///
/// # Errors
///
/// If the answers agree with the data no better than chance, or a table is invalid.
fn compare(
    files: &Files,
    evaluator: &Evaluator,
    described: &Described,
    data: Option<(&Table, &Columns)>,
    held_out: Option<(&Table, &Columns)>,
    say: &mut dyn FnMut(String),
) -> Result<AnswerFacts> {
    let mut facts = AnswerFacts { is_held_out: held_out.is_some(), ..AnswerFacts::default() };
    if let Some((table, columns)) = data {
        let path = files.data.unwrap_or(files.model);
        let mut agreement = Agreement::new(described, table, columns);
        let mut spreads = Spreads::new(described);
        let is_measured = held_out.is_none() && columns.target.is_some();
        let mut measuring = is_measured.then(|| Measuring::new(described));
        let mut visit = |asked: &Asked| {
            agreement.add(asked);
            spreads.add(described, asked);
            measuring.iter_mut().for_each(|measuring| measuring.add(asked));
        };
        each_answer(evaluator, described, (table, columns), say, &mut visit).in_file(path)?;
        let report = agreement.report(files.anyway).in_file(path)?;
        report.into_iter().for_each(|line| say(format!("  {line}")));
        facts.spreads = spreads.finish();
        facts.measured = measuring.map(Measuring::finish);
    }
    if let Some(rows) = held_out {
        let mut measuring = Measuring::new(described);
        each_answer(evaluator, described, rows, say, &mut |asked| measuring.add(asked))
            .in_file(files.test.unwrap_or(files.model))?;
        facts.measured = Some(measuring.finish());
    }
    Ok(facts)
}

/// Adds the facts of rows to the card, and describes the outcomes by it.
///
/// # Errors
///
/// If the card cannot be written again with its new facts, or its outcomes are invalid.
fn complete(
    paper: &mut Paper,
    described: &mut Described,
    facts: AnswerFacts,
    say: &mut dyn FnMut(String),
) -> Result<()> {
    let AnswerFacts { spreads, measured, is_held_out } = facts;
    // The references of the answers.
    let mut references = Vec::new();
    for (spread, output) in spreads.iter().zip(&described.description.outputs) {
        let found = spread.as_ref().map(reference).transpose().unwrap_or_else(|reason| {
            let (name, why) = (&output.name, reason.of_answers());
            say(format!("  output {name:?}: no reference for drift of its answers, since {why}"));
            None
        });
        references.push(found.map(|found| found.bins));
    }
    paper.set_references(&references)?;
    // The performance.
    if let Some(measured) = measured {
        let report = measured.report(described, is_held_out);
        report.into_iter().for_each(|line| say(format!("  {line}")));
        if paper.card.outcome.as_ref().is_some_and(Outcome::is_own) {
            say("  the performance in the card stays, since its data is a sentence of yours".into());
        } else if !measured.performance.is_empty() {
            paper.set_performance(&measured.data(is_held_out), &measured, described)?;
        }
    }
    // Describe what the card has now, so that importing it again makes the same component.
    for (notes, output) in described.description.outputs.iter_mut().zip(&paper.card.outputs) {
        notes.reference = outcome::answer_bins(output.reference.as_ref(), &notes.kind)?;
    }
    let outcome = outcome::describe(&paper.card, &described.known()).context("[outcome]")?;
    described.description.outcome = outcome;
    Ok(())
}

/// The data, and the covers beside the card.
struct Facts<'f> {
    data: Option<(&'f Table, &'f Columns)>,
    covers: Covers,
}

/// Adds explanations to a model and its card, if there is a way to explain its answers.
///
/// # Errors
///
/// If the card cannot be written again with its new facts.
fn explain(
    model: &mut Model,
    described: &mut Described,
    evaluator: Evaluator,
    paper: &mut Paper,
    Facts { data, covers }: Facts,
    say: &mut dyn FnMut(String),
) -> Result<(Evaluator, Covers)> {
    let own = paper.card.explanation.as_ref();
    let means = own.and_then(|own| own.means.clone());
    let mut facts = explain::Data { described, table: data, means, covers };
    let found = explain::explain(&mut model.graph, described, &paper.card, &mut facts);
    let explain::Data { means, covers, .. } = facts;
    let Explained { notes, evaluator, remarks } = match found {
        Ok(explained) => explained,
        Err(reason) => {
            say(format!("  no explanations: {reason:#}"));
            return Ok((evaluator, covers));
        }
    };
    for line in explain::report(&notes, &described.signature.features).into_iter().chain(remarks) {
        say(format!("  {line}"));
    }
    if data.is_some() {
        paper.set_explanation(means.as_deref(), &notes.shares)?;
    }
    described.description.explanation = Some(notes);
    Ok((evaluator, covers))
}

/// Combines a model with its card, and evaluates the card's examples.
///
/// # Errors
///
/// If the model and the card disagree, or the model has no answer.
pub fn ask(
    model: &mut Model,
    card: &Card,
    digest: String,
    say: &mut dyn FnMut(String),
) -> Result<(Described, Evaluator)> {
    let (mut described, evaluator, left_out) = synthetic::with_card(model, card, digest)?;
    for name in left_out {
        say(format!("  output {name:?}: its scores are no probabilities, and are left out"));
    }
    for name in synthetic::without_missing(&evaluator, &described) {
        say(format!(
            "  feature {name:?}: the model has no answer without it; set missing = \"refuse\""
        ));
    }
    let examples = examples::examples(&evaluator, &described, card)?;
    for example in &examples {
        let answers: Vec<String> = example.expected.iter().flatten().map(shown).collect();
        say(format!("  example {:?}: {}", example.name, answers.join(", ")));
    }
    described.description.examples = examples;
    described.description.outcome =
        outcome::describe(card, &described.known()).context("[outcome]")?;
    for line in outcome::unnamed(&described.description.outputs) {
        say(format!("  {line}"));
    }
    for line in transparency::report(&described.description) {
        say(format!("  {line}"));
    }
    Ok((described, evaluator))
}

/// Returns a hash of the runner, the model, the card and the covers beside it, as hexadecimal
/// digits.
///
/// Equal parts give an equal component. The version of this program is part of the hash.
pub fn stamp(parts: [&[u8]; 4]) -> String {
    let mut hash = Sha256::new();
    hash.update(env!("CARGO_PKG_VERSION"));
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hex(&hash.finalize())
}

/// Returns the digest of a file: `sha256:` and hexadecimal digits.
pub fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", hex(&Sha256::digest(bytes)))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Counts the features in the card, or else in the data, for files without this number.
///
/// Returns none if there is no card, and no data with a named target. Without its name, any column
/// may be the target.
fn width(files: &Files, card: Option<&Card>, table: Option<&Table>) -> Option<usize> {
    if let Some(card) = card {
        return Some(card.features.len());
    }
    let (table, target) = (table?, files.target?);
    let is_feature = |name: &&String| *name != target && *name != "prediction";
    Some(table.columns.iter().filter(is_feature).count())
}

fn counted(model: &Model) -> String {
    let plural = |count: usize, one: &str, many: &str| {
        format!("{count} {}", if count == 1 { one } else { many })
    };
    let features = plural(model.features.len(), "feature", "features");
    let answers = match &model.answers[..] {
        [Answer::Class(class)] => match &class.choice {
            Choice::Index { labels, .. } => plural(labels.len(), "class", "classes"),
            Choice::Label(_) => "a class".to_owned(),
        },
        answers => plural(answers.len(), "output", "outputs"),
    };
    format!("{features}, {answers}")
}
