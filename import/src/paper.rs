//! Drafts a new card for an import, or completes the existing one.

use crate::card::Card;
use crate::card::cells::Reading;
use crate::card::columns::{Columns, Names};
use crate::card::describe::{self, Described};
use crate::card::draft::{self, Draft};
use crate::card::outcome;
use crate::card::profile::Profile;
use crate::card::table::{InFile, Table};
use crate::emit::write::write;
use crate::files::{Files, name_of};
use crate::ir::model::{Missing, Model};
use crate::verify::performance::Measured;
use crate::verify::{examples, synthetic};
use anyhow::{Result, ensure};
use predictor_contract::ReferenceBins;
use std::path::Path;

/// The start of the line about a card with new facts.
const COMPLETED: &str = "completed from the data: ";

/// A card, and its text in TOML.
pub struct Paper {
    /// The parsed card.
    pub card: Card,
    /// The same card in TOML, with its comments.
    pub text: String,
    /// The lines to print after writing the card; none if the file is up to date.
    news: Option<Vec<String>>,
}

impl Paper {
    /// Drafts a new card from the model's file, and from the data if there is any.
    ///
    /// # Errors
    ///
    /// If the data is invalid, if the labels of the model's classes cannot be found, or if the
    /// model answers none of the drafted examples.
    pub fn draft(
        files: &Files,
        model: &mut Model,
        data: Option<(&Table, &Columns)>,
        say: &mut dyn FnMut(String),
    ) -> Result<Self> {
        let name = name_of(files.model);
        let readings: Vec<Reading> =
            model.features.iter().map(|own| Reading::of(own, None)).collect();
        let profile = profile(files, data, &readings, say)?;
        let data = with_profile(data, profile.as_ref());
        // Refuse missing values of a feature if the model has no answer without it.
        let first = draft::new(&name, model, data)?;
        let card = Card::parse(&first.text())?;
        let (described, evaluator, _) = synthetic::with_card(model, &card, String::new())?;
        let unanswered = synthetic::without_missing(&evaluator, &described);
        for (feature, described) in model.features.iter_mut().zip(&described.signature.features) {
            if unanswered.contains(&described.name) {
                feature.missing = Missing::Refuse;
            }
        }
        let draft = with_answers(draft::new(&name, model, data)?, model).in_file(files.card)?;
        let mut news = vec!["written; fill in what is empty, and look at".to_owned()];
        news.extend(draft.notes.iter().map(|note| format!("  {note}")));
        news.push(match data {
            Some(_) => "  ranges, which are the usual ones of the data".to_owned(),
            None => {
                "  everything: with --data rows.csv it gets ranges, categories and bins".to_owned()
            }
        });
        Self::new(draft.text(), Some(news)).in_file(files.card)
    }

    /// Adds to a card its missing keys, from the data. Without data, the card stays unchanged.
    ///
    /// # Errors
    ///
    /// If the card and the model have different features, or the data is invalid.
    pub fn complete(
        files: &Files,
        model: &mut Model,
        card: Card,
        data: Option<(&Table, &Columns)>,
        say: &mut dyn FnMut(String),
    ) -> Result<Self> {
        let text = std::fs::read_to_string(files.card).map_err(Into::into).in_file(files.card)?;
        if data.is_none() {
            return Ok(Self { card, text, news: None });
        }
        let order = describe::order(model, &card).in_file(files.card)?;
        let features = order.iter().zip(&card.features);
        let readings: Vec<Reading> =
            features.map(|(own, card)| Reading::of(&model.features[*own], Some(card))).collect();
        let profile = profile(files, data, &readings, say)?;
        let data = with_profile(data, profile.as_ref());
        let draft = draft::complete(&text, model, &order, data).in_file(files.card)?;
        if draft.added.is_empty() {
            return Ok(Self { card, text, news: None });
        }
        let draft = match draft.added.contains_key("example") {
            true => with_answers(draft, model).in_file(files.card)?,
            false => draft,
        };
        let added: Vec<String> =
            draft.added.iter().map(|(key, count)| format!("{key} ({count})")).collect();
        let news = vec![format!("{COMPLETED}{}", added.join(", "))];
        Self::new(draft.text(), Some(news)).in_file(files.card)
    }

    fn new(text: String, news: Option<Vec<String>>) -> Result<Self> {
        Ok(Self { card: Card::parse(&text)?, text, news })
    }

    /// Adds the facts of the data that explanations need to the card.
    ///
    /// # Errors
    ///
    /// If the card has something else than a table by this name.
    pub fn set_explanation(&mut self, means: Option<&[f64]>, shares: &[f64]) -> Result<()> {
        self.set(draft::with_explanation(&self.text, means, shares)?, "explanation")
    }

    /// Adds the references of the answers to the card.
    ///
    /// # Errors
    ///
    /// If the card's outputs are no tables.
    pub fn set_references(&mut self, references: &[Option<ReferenceBins>]) -> Result<()> {
        self.set(outcome::with_references(&self.text, references)?, "reference of answers")
    }

    /// Adds the performance to the card, with a sentence about its rows.
    ///
    /// # Errors
    ///
    /// If the card has something else than a table by this name.
    pub fn set_performance(
        &mut self,
        data: &str,
        measured: &Measured,
        described: &Described,
    ) -> Result<()> {
        let Measured { performance, calibration, .. } = measured;
        let known = described.known();
        let text = outcome::with_performance(&self.text, data, performance, calibration, &known)?;
        self.set(text, "outcome")
    }

    /// Replaces the text, if it differs, and names the change for the user.
    fn set(&mut self, text: String, what: &str) -> Result<()> {
        if text == self.text {
            return Ok(());
        }
        let mut news = self.news.take().unwrap_or_default();
        match news.first_mut() {
            None => news.push(format!("{COMPLETED}{what}")),
            Some(first) if first.starts_with(COMPLETED) => *first += &format!(", {what}"),
            Some(_) => {}
        }
        *self = Self::new(text, Some(news))?;
        Ok(())
    }

    /// Writes the card if it differs from the file, and calls `say` with each change.
    ///
    /// # Errors
    ///
    /// If the file cannot be written.
    pub fn write(&self, file: &Path, say: &mut dyn FnMut(String)) -> Result<()> {
        let Some(news) = &self.news else { return Ok(()) };
        write(file, self.text.as_bytes())?;
        for (line, new) in news.iter().enumerate() {
            say(if line == 0 { format!("{}: {new}", file.display()) } else { new.clone() });
        }
        Ok(())
    }
}

/// Removes examples without an answer from a draft, such as the logarithm of a negative number.
///
/// # Errors
///
/// If no example is left.
fn with_answers(mut draft: Draft, model: &mut Model) -> Result<Draft> {
    let card = Card::parse(&draft.text())?;
    let (described, evaluator, _) = synthetic::with_card(model, &card, String::new())?;
    let unanswered = examples::unanswered(&evaluator, &described, &card);
    ensure!(
        unanswered.len() < card.examples.len(),
        "the model has no finite answer for any of its examples: {}",
        unanswered.join(", ")
    );
    draft.drop_examples(&unanswered);
    Ok(draft)
}

fn profile(
    files: &Files,
    data: Option<(&Table, &Columns)>,
    readings: &[Reading],
    say: &mut dyn FnMut(String),
) -> Result<Option<Profile>> {
    let Some((table, columns)) = data else { return Ok(None) };
    let path = files.data.unwrap_or(files.model);
    Profile::read(table, columns, readings, say).in_file(path).map(Some)
}

fn with_profile<'d>(
    data: Option<(&'d Table, &'d Columns)>,
    profile: Option<&'d Profile>,
) -> Option<draft::Data<'d>> {
    let ((table, columns), profile) = data.zip(profile)?;
    Some(draft::Data { table, columns, profile })
}

/// Finds the columns of the data, by the names in the card or in the model's file.
///
/// # Errors
///
/// If a feature has no column, or the card and the model have different features.
pub fn find_columns(
    files: &Files,
    model: &Model,
    card: Option<&Card>,
    table: &Table,
) -> Result<Columns> {
    let path = files.data.unwrap_or(files.model);
    let Some(card) = card else {
        let names: Vec<Names> = model
            .features
            .iter()
            .map(|own| Names { exact: vec![&own.name], in_file: &own.name })
            .collect();
        return Columns::find(table, &names, model.is_named, files.target).in_file(path);
    };
    let order = describe::order(model, card).in_file(files.card)?;
    let features = card.features.iter().zip(order);
    let names: Vec<Names> = features
        .map(|(card, own)| {
            let in_file = &model.features[own].name;
            Names { exact: vec![&card.name, in_file], in_file }
        })
        .collect();
    Columns::find(table, &names, model.is_named, files.target).in_file(path)
}
