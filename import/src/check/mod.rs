//! Checks a model on the rows of a file: by the rules of the alerts, against the model's card.
//!
//! [`input`] counts refused and unusual values, [`performance`] compares the performance with the
//! card's, [`drift`] the values and the answers with its references. [`report`] has the results for
//! people and for programs.

pub mod drift;
pub mod input;
pub mod performance;
pub mod report;

use crate::card::columns::Columns;
use crate::card::describe::Described;
use crate::card::table::{InFile, Table};
use crate::files::Files;
use crate::import::{self, Opened};
use crate::paper::find_columns;
use crate::verify::agreement::{Agreement, Found};
use crate::verify::answers::{Asked, each_answer};
use crate::verify::performance::Measuring;
use anyhow::{Context, Result, anyhow};
use drift::Drifts;
use input::Faults;
use predictor_contract::OutputKind;
use report::{Measured, Report};

/// The most columns named in a note.
const NAMED: usize = 6;

/// Asks a model for the rows of `files.data`, and compares them and the answers with its card. Calls
/// `say` with the progress.
///
/// # Errors
///
/// If there is no card or no data, if a file cannot be read, if the card disagrees with the model,
/// or if the column named by `files.target` has no answer of the model.
pub fn run(files: &Files, say: &mut dyn FnMut(String)) -> Result<Report> {
    // Read the model, its card, and the header of the file.
    let path = files.data.context("name the rows to check: --data rows.csv")?;
    let Opened { bytes, mut model, card, table, .. } = import::open(files)?;
    let (Some(card), Some(table)) = (card, table) else {
        let model = files.model.display();
        return Err(anyhow!(
            "there is no card to check against; make one: model-api import {model} --data train.csv"
        ))
        .in_file(files.card);
    };
    let columns = find_columns(files, &model, Some(&card), &table)?;
    let digest = import::digest(&bytes);
    let (described, evaluator) =
        import::ask(&mut model, &card, digest, &mut |_| {}).in_file(files.card)?;
    // Ask the model for each row. An answer to a refused row is none of the service's.
    let signature = &described.signature;
    let (mut faults, mut drifts) = (Faults::default(), Drifts::new(&described));
    let mut agreement = Agreement::new(&described, &table, &columns);
    let mut measuring = Measuring::new(&described);
    let mut visit = |asked: &Asked| {
        let is_answered = faults.add(signature, asked.values, asked.outputs.is_some());
        let asked = Asked { outputs: asked.outputs.filter(|_| is_answered), ..*asked };
        agreement.add(&asked);
        measuring.add(&asked);
        if let Some(outputs) = asked.outputs {
            drifts.add(asked.values, outputs);
        }
    };
    let rows = each_answer(&evaluator, &described, (&table, &columns), say, &mut visit);
    if rows.in_file(path)? == 0 {
        return Err(anyhow!("it has no rows")).in_file(path);
    }
    // Compare the counts with the card.
    let mut notes = Vec::new();
    let measured = measure(&described, &table, &columns, measuring, &mut notes);
    let is_target = measured.is_some();
    if let (Some(target), false) = (files.target, is_target) {
        return Err(anyhow!("column {target:?} has {}", expected(&described))).in_file(path);
    }
    let is_kept = |found: &Found| found.with != "target" || is_target;
    let agreement = agreement.found().into_iter().filter(is_kept).collect();
    let (features, outputs, without_reference) = drifts.finish();
    let mut report = Report {
        model: signature.name.clone(),
        version: signature.version.clone(),
        rows: faults.finish(signature),
        agreement,
        performance: measured,
        features,
        outputs,
        without_reference,
        notes,
        findings: Vec::new(),
        verdict: report::Verdict::NoVerdict,
    };
    report.judge();
    Ok(report)
}

/// Compares the performance with the card; none without a target, or if the column has no answer of
/// the model. Says in `notes` why there is none.
fn measure(
    described: &Described,
    table: &Table,
    columns: &Columns,
    measuring: Measuring,
    notes: &mut Vec<String>,
) -> Option<Measured> {
    let (values, left_out) = measuring.exact();
    let Some(column) = columns.target else {
        notes.push(without_target(table, columns));
        return None;
    };
    let (target, people) = (table.columns[column].clone(), values[0].people);
    if people == 0 && left_out.unknown > 0 {
        let expected = expected(described);
        notes.push(format!("nothing is compared with column {target:?}: it has {expected}"));
        return None;
    }
    let outputs = &described.description.outputs;
    if outputs.len() > 1 {
        let (count, name) = (outputs.len(), &outputs[0].name);
        notes.push(format!("of the {count} outputs the first is compared with the target: {name}"));
    }
    let outcome = described.description.outcome.as_ref();
    let card = outcome.filter(|outcome| !outcome.performance.is_empty());
    if card.is_none() {
        notes.push("the card has no performance to compare with".to_owned());
    }
    Some(Measured {
        target,
        output: outputs[0].name.clone(),
        people,
        without_target: left_out.untold,
        unknown_target: left_out.unknown,
        card: card.map(|outcome| outcome.data.clone()),
        values: performance::compare(described, &values),
    })
}

/// Asks for the target.
fn without_target(table: &Table, columns: &Columns) -> String {
    let names = columns.others.iter().take(NAMED).map(|column| table.columns[*column].as_str());
    let names: Vec<&str> = names.collect();
    match &names[..] {
        [] => "no column has the truth, so the performance is not measured".to_owned(),
        names => {
            let more = if columns.others.len() > NAMED { ", …" } else { "" };
            format!(
                "to measure the performance, name its truth by --target: {}{more}",
                names.join(", ")
            )
        }
    }
}

/// Says what a column should have, and has not.
fn expected(described: &Described) -> String {
    match &described.description.outputs[0].kind {
        OutputKind::Classes(labels) => {
            let more = if labels.len() > NAMED { ", …" } else { "" };
            let named: Vec<&str> = labels.iter().take(NAMED).map(String::as_str).collect();
            format!("none of the model's classes: {}{more}", named.join(", "))
        }
        OutputKind::Quantity(_) => "no numbers".to_owned(),
    }
}
