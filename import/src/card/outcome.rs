//! Outcomes in a card: subgroups, the spread of answers, and the performance before.

use super::reference::{are_rising, bins};
use super::{AnswerReference, Card, Group, Reference, check_version, draft};
use anyhow::{Context, Result, bail, ensure};
use predictor_contract::groups::{self, MOST_SUBGROUPS};
use predictor_contract::measures::{self, MEASURES};
use predictor_contract::{
    self as contract, CalibrationBin, Feature, Kind, Measure, NumberRange, OutcomeNotes,
    OutputKind, OutputNotes, ReferenceBins, Subgroup,
};
use serde::Deserialize;
use std::collections::HashSet;
use toml_edit::{Array, DocumentMut, InlineTable, Item, Value};

/// The fewest people of a value: a value of fewer says too much about each.
pub const FEWEST_PEOPLE: u32 = 10;

/// The start of each sentence about rows that an import writes. Other sentences are a person's.
pub const COMPUTED: &str = "Computed by cargo import of";

/// The most other versions. Each adds series in Prometheus.
const MOST_VERSIONS: usize = 20;

/// The outcomes of a card.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outcome {
    /// A sentence: the truth, and the way to find it.
    #[serde(default)]
    pub truth: String,
    /// The days from an answer to its truth; 0 if they are unknown.
    #[serde(default)]
    pub horizon_days: u32,
    /// Other versions with the same classes, whose outcomes are taken too.
    #[serde(default)]
    pub versions: Vec<String>,
    /// A sentence about the rows behind the performance.
    #[serde(default)]
    pub data: String,
    /// The values of measures, for everyone and by subgroup.
    #[serde(default)]
    pub performance: Vec<Performance>,
    /// The calibration, by bins of the probability.
    #[serde(default)]
    pub calibration: Vec<Calibration>,
}

/// The value of a measure.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Performance {
    /// The output, by its name. None for the only one.
    pub output: Option<String>,
    /// The measure, by its name in metrics.
    pub measure: String,
    /// The class, by its label.
    pub class: Option<String>,
    /// The feature of the subgroup, by its name. None for everyone.
    pub feature: Option<String>,
    /// The subgroup, by its name.
    pub group: Option<String>,
    /// The value: a proportion from 0 to 1, or an error in the unit of the output.
    pub value: f64,
    /// The number of people.
    pub people: u32,
}

/// The people with a probability in one bin.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calibration {
    /// The output, by its name. None for the only one.
    pub output: Option<String>,
    /// The largest probability of the bin.
    pub upper: f64,
    /// The mean of the probabilities.
    pub expected: f64,
    /// The proportion of the people with the event.
    pub observed: f64,
    /// The number of people.
    pub people: u32,
}

impl Outcome {
    /// True if the performance is a person's, and no import computed it.
    pub fn is_own(&self) -> bool {
        let is_empty = self.performance.is_empty() && self.calibration.is_empty();
        !is_empty && !self.data.starts_with(COMPUTED)
    }
}

impl Card {
    /// Removes the performance, unless it is a person's.
    pub fn forget_computed(&mut self) {
        if let Some(own) = self.outcome.as_mut().filter(|own| !own.is_own()) {
            own.performance.clear();
            own.calibration.clear();
        }
    }
}

/// Asks for the positive class of each output with two classes, in lines for a terminal.
pub fn unnamed(outputs: &[OutputNotes]) -> Vec<String> {
    let lines = outputs.iter().filter_map(|output| match (&output.kind, output.positive) {
        (OutputKind::Classes(labels), None) if labels.len() == 2 => Some(format!(
            "name the class of sensitivity and explanations in [[output]]: positive = {:?}",
            labels[1]
        )),
        _ => None,
    });
    lines.collect()
}

/// Returns the bounds of a feature's subgroups. They are empty for a category and a flag.
///
/// # Errors
///
/// If a number has no rising bounds, or another feature has some.
pub(super) fn group(group: Option<&Group>, kind: &Kind) -> Result<Option<Vec<f64>>> {
    match (group, kind) {
        (None | Some(Group::All(false)), _) => Ok(None),
        (Some(Group::All(true)), Kind::Number(_)) => {
            bail!("its subgroups need bounds, such as group = [40, 65]")
        }
        (Some(Group::All(true)), _) => Ok(Some(Vec::new())),
        (Some(Group::Bounds(bounds)), Kind::Number(_)) => {
            ensure!(
                !bounds.is_empty() && are_rising(bounds),
                "the bounds of its subgroups do not rise; write them so: group = [40, 65]"
            );
            Ok(Some(bounds.clone()))
        }
        (Some(Group::Bounds(_)), _) => bail!("only a number has bounds; write group = true"),
    }
}

/// Checks the number of subgroups, since each adds series in Prometheus.
///
/// # Errors
///
/// If there are too many.
pub(super) fn check_groups(features: &[Feature]) -> Result<()> {
    let count: usize = features.iter().filter_map(groups::names).map(|names| names.len()).sum();
    ensure!(
        count <= MOST_SUBGROUPS,
        "the features make {count} subgroups, and {MOST_SUBGROUPS} are the most; take group from a \
         feature, or give it fewer bounds"
    );
    Ok(())
}

/// Returns the bins of an output's reference.
///
/// # Errors
///
/// If they do not suit the output.
pub fn answer_bins(
    card: Option<&AnswerReference>,
    kind: &OutputKind,
) -> Result<Option<ReferenceBins>> {
    let Some(AnswerReference { upper, shares }) = card else { return Ok(None) };
    ensure!(
        shares.iter().all(|share| (0.0..=1.0).contains(share)),
        "the shares of its reference are parts of 1"
    );
    let (kind, mut shares) = (kind_of_answers(kind), shares.clone());
    if let Kind::Category(classes) = &kind {
        let (own, named) = (classes.len(), shares.len());
        ensure!(
            own == named && upper.is_none(),
            "its reference needs a share for each of its {own} classes, and no more"
        );
        // No answer is another class.
        shares.push(0.0);
    }
    let reference = Reference { upper: upper.clone(), shares, missing: 0.0 };
    Ok(Some(bins(&reference, &kind)?))
}

/// Returns the kind of a feature with the same values as an output.
fn kind_of_answers(kind: &OutputKind) -> Kind {
    match kind {
        OutputKind::Classes(labels) => Kind::Category(labels.clone()),
        OutputKind::Quantity(range) => Kind::Number(NumberRange {
            minimum: range.minimum,
            maximum: range.maximum,
            whole: false,
            missing_values: Vec::new(),
        }),
    }
}

/// Returns the notes on outcomes, with indices in the place of names.
///
/// # Errors
///
/// If a name is unknown, or a value is impossible.
pub fn describe(card: &Card, known: &Known) -> Result<Option<OutcomeNotes>> {
    let Some(own) = &card.outcome else { return Ok(None) };
    check_versions(&own.versions, &card.version)?;
    let performance = own.performance.iter().enumerate().map(|(index, one)| {
        let place = || format!("performance {} ({})", index + 1, one.measure);
        known.performance(one).with_context(place)
    });
    let performance = performance.collect::<Result<Vec<_>>>()?;
    check_unique(&performance)?;
    let mut calibration: Vec<CalibrationBin> = Vec::new();
    for one in &own.calibration {
        let bin = known.calibration(one).with_context(|| format!("calibration {}", one.upper))?;
        let before = calibration.iter().rfind(|before| before.output == bin.output);
        ensure!(
            before.is_none_or(|before| before.upper < bin.upper),
            "the bounds of the calibration do not rise"
        );
        calibration.push(bin);
    }
    Ok(Some(OutcomeNotes {
        truth: own.truth.trim().to_owned(),
        horizon_days: own.horizon_days,
        versions: own.versions.clone(),
        data: own.data.trim().to_owned(),
        performance,
        calibration,
    }))
}

/// Writes the references of the answers into the text of a card, in the order of the outputs.
///
/// # Errors
///
/// If the card is no TOML, or `output` is no array of tables in it.
pub fn with_references(text: &str, references: &[Option<ReferenceBins>]) -> Result<String> {
    let mut document = text.parse::<DocumentMut>()?;
    for (table, bins) in draft::tables(&mut document, "output")?.iter_mut().zip(references) {
        let Some(mut bins) = bins.clone() else { continue };
        // No answer is another class.
        if let ReferenceBins::Category(shares) = &mut bins {
            shares.pop();
        }
        let mut reference = draft::reference_table(&contract::Reference { bins, missing: 0.0 });
        reference.remove("missing");
        replace(table, "reference", reference.into());
    }
    Ok(document.to_string())
}

/// Writes the performance and the sentence about its rows into the text of a card.
///
/// # Errors
///
/// If the card is no TOML, or `outcome` is no table in it.
pub fn with_performance(
    text: &str,
    data: &str,
    performance: &[contract::Performance],
    calibration: &[CalibrationBin],
    known: &Known,
) -> Result<String> {
    let mut document = text.parse::<DocumentMut>()?;
    let is_new = !document.contains_key("outcome");
    let item = document.entry("outcome").or_insert_with(toml_edit::table);
    let table = item.as_table_mut().context("[outcome] is no table")?;
    // A person fills these in.
    if is_new {
        table.insert("truth", commented("", "what became true, and how it is found"));
        table.insert("horizon_days", commented(0, "from an answer to its truth; 0 if unknown"));
    }
    replace(table, "data", data.into());
    replace(
        table,
        "performance",
        lines(performance.iter().map(|one| known.performance_table(one))),
    );
    replace(
        table,
        "calibration",
        lines(calibration.iter().map(|one| known.calibration_table(one))),
    );
    Ok(document.to_string())
}

/// Sets a value, unless the key has the same one.
fn replace(table: &mut toml_edit::Table, key: &str, new: Value) {
    let text = |value: &Value| value.to_string().trim().to_owned();
    let own = table.get(key).and_then(Item::as_value).map(text);
    if own != Some(text(&new)) {
        table.insert(key, Item::Value(new));
    }
}

fn commented(value: impl Into<Value>, comment: &str) -> Item {
    let mut value = value.into();
    value.decor_mut().set_suffix(format!("   # {comment}"));
    Item::Value(value)
}

/// Makes an array with a table on each line.
fn lines(tables: impl Iterator<Item = InlineTable>) -> Value {
    let mut array: Array = tables.collect();
    if !array.is_empty() {
        array.iter_mut().for_each(|table| table.decor_mut().set_prefix("\n    "));
        array.set_trailing("\n");
        array.set_trailing_comma(true);
    }
    array.into()
}

fn check_versions(versions: &[String], own: &str) -> Result<()> {
    ensure!(
        versions.len() <= MOST_VERSIONS,
        "versions has {} names, and {MOST_VERSIONS} are the most; leave out the oldest",
        versions.len()
    );
    let mut seen = HashSet::from([own]);
    for version in versions {
        check_version(version)?;
        ensure!(
            seen.insert(version),
            "versions names {version:?} again; the model's own outcomes are taken without it"
        );
    }
    Ok(())
}

/// Checks for a measure given twice, since each value is a series in metrics.
fn check_unique(performance: &[contract::Performance]) -> Result<()> {
    let mut seen = HashSet::new();
    for (index, one) in performance.iter().enumerate() {
        let group = one.group.map(|group| (group.feature, group.place));
        let name = measures::name(one.measure);
        ensure!(
            seen.insert((one.output, name, one.class, group)),
            "performance {} ({name}): it is there twice; leave out one",
            index + 1
        );
    }
    Ok(())
}

/// The names of a model's parts.
#[derive(Clone, Copy)]
pub struct Known<'k> {
    /// The features, in the order of the signature.
    pub features: &'k [Feature],
    /// The outputs, in the order of the description.
    pub outputs: &'k [OutputNotes],
}

impl Known<'_> {
    fn performance_table(&self, one: &contract::Performance) -> InlineTable {
        let mut table = self.output_table(one.output);
        table.insert("measure", measures::name(one.measure).into());
        if let (Some(class), OutputKind::Classes(labels)) =
            (one.class, &self.outputs[one.output as usize].kind)
        {
            table.insert("class", (&labels[class as usize]).into());
        }
        if let Some(Subgroup { feature, place }) = one.group {
            let feature = &self.features[feature as usize];
            let names = groups::names(feature).unwrap_or_default();
            table.insert("feature", (&feature.name).into());
            table.insert("group", (&names[place as usize]).into());
        }
        table.insert("value", draft::number(one.value));
        table.insert("people", i64::from(one.people).into());
        table
    }

    fn calibration_table(&self, one: &CalibrationBin) -> InlineTable {
        let mut table = self.output_table(one.output);
        for (key, part) in
            [("upper", one.upper), ("expected", one.expected), ("observed", one.observed)]
        {
            table.insert(key, draft::number(part));
        }
        table.insert("people", i64::from(one.people).into());
        table
    }

    /// Makes a table with the name of the output, unless it is the only one.
    fn output_table(&self, output: u32) -> InlineTable {
        let mut table = InlineTable::new();
        if self.outputs.len() > 1 {
            table.insert("output", (&self.outputs[output as usize].name).into());
        }
        table
    }

    fn performance(&self, card: &Performance) -> Result<contract::Performance> {
        let output = self.output(card.output.as_deref())?;
        let known = MEASURES.iter().find(|(_, name)| *name == card.measure);
        let (measure, _) = known.with_context(|| {
            let names = MEASURES.map(|(_, name)| name).join(", ");
            format!("it is no measure; the measures are {names}")
        })?;
        check_value(*measure, card.value, card.people)?;
        Ok(contract::Performance {
            output: output as u32,
            measure: *measure,
            class: class(*measure, &self.outputs[output].kind, card.class.as_deref())?,
            group: self.group(card.feature.as_deref(), card.group.as_deref())?,
            value: card.value,
            people: card.people,
        })
    }

    fn calibration(&self, card: &Calibration) -> Result<CalibrationBin> {
        let output = self.output(card.output.as_deref())?;
        ensure!(
            matches!(self.outputs[output].kind, OutputKind::Classes(_)),
            "the output answers a number, and has no probabilities"
        );
        for part in [card.upper, card.expected, card.observed] {
            ensure!((0.0..=1.0).contains(&part), "{part} is no part of 1");
        }
        check_people(card.people)?;
        Ok(CalibrationBin {
            output: output as u32,
            upper: card.upper,
            expected: card.expected,
            observed: card.observed,
            people: card.people,
        })
    }

    fn output(&self, name: Option<&str>) -> Result<usize> {
        match (name, self.outputs) {
            (None, [_]) => Ok(0),
            (None, _) => bail!("name the output: output = \"…\""),
            (Some(name), outputs) => {
                let index = outputs.iter().position(|output| output.name == name);
                index.with_context(|| format!("{name:?} is no output"))
            }
        }
    }

    fn group(&self, feature: Option<&str>, name: Option<&str>) -> Result<Option<Subgroup>> {
        let (feature, name) = match (feature, name) {
            (None, None) => return Ok(None),
            (Some(feature), Some(name)) => (feature, name),
            _ => bail!("a subgroup has both, feature = \"…\" and group = \"…\""),
        };
        let index = self.features.iter().position(|own| own.name == feature);
        let index = index.with_context(|| format!("{feature:?} is no feature"))?;
        let names = groups::names(&self.features[index]).with_context(|| {
            format!("the feature {feature:?} makes no subgroups; write group into its [[feature]]")
        })?;
        let place = names.iter().position(|own| own == name).with_context(|| {
            format!("{name:?} is no subgroup; those of {feature:?} are {}", names.join(", "))
        })?;
        Ok(Some(Subgroup { feature: index as u32, place: place as u32 }))
    }
}

/// Finds the class of a measure, and checks if the measure suits the output.
fn class(measure: Measure, kind: &OutputKind, label: Option<&str>) -> Result<Option<u32>> {
    let labels = match (kind, measure) {
        (OutputKind::Classes(_), Measure::MeanAbsoluteError) => {
            bail!("it is a measure of numbers, and the output answers a class")
        }
        (OutputKind::Classes(labels), _) => &labels[..],
        (OutputKind::Quantity(_), Measure::MeanAbsoluteError) => &[],
        (OutputKind::Quantity(_), _) => {
            bail!("it is a measure of classes, and the output answers a number")
        }
    };
    let is_of_class = matches!(
        measure,
        Measure::Sensitivity | Measure::Specificity | Measure::Auc | Measure::BrierScore
    );
    match label {
        None if is_of_class && measure != Measure::BrierScore => {
            bail!("name its class: class = {:?}", labels.first().map_or("", String::as_str))
        }
        None => Ok(None),
        Some(_) if !is_of_class => bail!("it is of no class; leave out class"),
        Some(label) => {
            let index = labels.iter().position(|own| own == label);
            let index = index.with_context(|| {
                format!("{label:?} is no class; the classes are {}", labels.join(", "))
            })?;
            Ok(Some(index as u32))
        }
    }
}

fn check_value(measure: Measure, value: f64, people: u32) -> Result<()> {
    let range = match measure {
        Measure::MeanAbsoluteError => 0.0..=f64::MAX,
        _ => 0.0..=1.0,
    };
    ensure!(
        range.contains(&value),
        "its value is {value}; {}",
        if *range.end() == 1.0 { "write a part of 1" } else { "write a distance" }
    );
    check_people(people)
}

fn check_people(people: u32) -> Result<()> {
    ensure!(
        people >= FEWEST_PEOPLE,
        "its people are {people}; leave out values of fewer than {FEWEST_PEOPLE}, so that nobody can \
         be recognised"
    );
    Ok(())
}
