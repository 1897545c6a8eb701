//! Combines the model's file and its card into the contract's records and the outputs to compute.

use crate::card::cells::Reading;
use crate::card::columns::{Columns, Names, simplified};
use crate::card::reference::bins;
use crate::card::table::Table;
use crate::card::{self, Card, check_version, outcome, transparency};
use crate::ir::graph::{Graph, InputKind, Value};
use crate::ir::labels;
use crate::ir::model::{Answer, Choice, Class, Missing, Model, Values};
use crate::ir::program::{Cell, Coding, Output};
use anyhow::{Context, Result, bail, ensure};
use predictor_contract::{
    Description, Feature, FeatureNotes, Kind, MissingPolicy, NumberRange, OtherUnit, OutputKind,
    OutputNotes, QuantityRange, Reference, Signature, UnusualPolicy,
};
use std::collections::HashSet;

/// A model combined with its card, without the examples' answers.
pub struct Described {
    /// The name, version and features for `get-signature`.
    pub signature: Signature,
    /// The documentation for `describe`. Its examples are empty until their evaluation.
    pub description: Description,
    /// The values of the graph to compute for each output.
    pub outputs: Vec<Output>,
    /// The source of each column of each input: a feature and its coding.
    pub cells: Vec<Vec<Cell>>,
    /// The way to read each feature's cells in a table, in the order of the features.
    pub readings: Vec<Reading>,
    /// The name of each feature in the model's file, in the order of the features.
    pub names_in_file: Vec<String>,
    /// True if the model's file names its features.
    pub is_named: bool,
}

/// Combines a model with its card. `digest` is the hash of the model's file.
///
/// # Errors
///
/// If the model and the card disagree, or a value of the card is invalid.
pub fn describe(model: &mut Model, card: &Card, digest: String) -> Result<Described> {
    check_name(&card.name)?;
    check_version(&card.version)?;
    let order = order(model, card)?;
    let (mut features, mut notes, mut readings) = (Vec::new(), Vec::new(), Vec::new());
    let mut names_in_file = Vec::new();
    let mut cells: Vec<Vec<Option<Cell>>> =
        model.graph.inputs.iter().map(|input| vec![None; input.columns]).collect();
    for (place, own) in order.iter().enumerate() {
        let feature = model.features[*own].clone();
        let card = &card.features[place];
        let described = describe_feature(model, &feature, card)
            .with_context(|| format!("feature {:?}", card.name))?;
        cells[feature.input][feature.column] =
            Some(Cell { feature: place, coding: described.coding });
        readings.push(Reading::of(&feature, Some(card)));
        names_in_file.push(feature.name);
        features.push(described.feature);
        notes.push(described.notes);
    }
    outcome::check_groups(&features)?;
    let cells = cells.into_iter().map(|cells| cells.into_iter().collect::<Option<Vec<_>>>());
    let cells = cells.collect::<Option<Vec<_>>>().context("a column has no feature")?;
    let (outputs, output_notes) = describe_outputs(model, card)?;
    let source = match card.source.trim() {
        "" => model.source.clone(),
        source => format!("{} ({})", source.trim_end_matches('.'), model.source),
    };
    Ok(Described {
        signature: Signature { name: card.name.clone(), version: card.version.clone(), features },
        description: Description {
            summary: card.summary.clone(),
            source,
            license: card.license.clone(),
            population: card.population.clone(),
            limits: card.limits.clone(),
            precision: model.precision.to_owned(),
            digest,
            features: notes,
            outputs: output_notes,
            examples: Vec::new(),
            explanation: None,
            outcome: None,
            statements: transparency::statements(card)?,
        },
        outputs,
        cells,
        readings,
        names_in_file,
        is_named: model.is_named,
    })
}

impl Described {
    /// Finds the columns of a table, by the names in the card or in the model's file.
    ///
    /// # Errors
    ///
    /// If a feature has no column.
    pub fn columns(&self, table: &Table, target: Option<&str>) -> Result<Columns> {
        let features = self.signature.features.iter().zip(&self.names_in_file);
        let names: Vec<Names> = features
            .map(|(feature, in_file)| Names { exact: vec![&feature.name, in_file], in_file })
            .collect();
        Columns::find(table, &names, self.is_named, target)
    }

    /// Returns the names of features, classes and outputs.
    pub fn known(&self) -> outcome::Known<'_> {
        outcome::Known { features: &self.signature.features, outputs: &self.description.outputs }
    }
}

fn check_name(name: &str) -> Result<()> {
    let is_plain =
        |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
    ensure!(
        !name.is_empty() && name.chars().all(is_plain),
        "name {name:?}: use lower case letters, digits and hyphens"
    );
    Ok(())
}

/// Checks for duplicate names, since each name is a label in metrics.
fn check_unique(names: &[String], what: &str) -> Result<()> {
    let mut seen = HashSet::new();
    let twice = names.iter().find(|name| !seen.insert(*name));
    match twice {
        Some(name) => bail!("two of its {what} are {name:?}"),
        None => Ok(()),
    }
}

/// Finds the index of the model's feature for each feature of the card: by the name in the file, or
/// in order if the file has no names.
///
/// # Errors
///
/// If the model and the card have different features, or the card has one twice.
pub fn order(model: &Model, card: &Card) -> Result<Vec<usize>> {
    let (own, named) = (model.features.len(), card.features.len());
    ensure!(
        own == named,
        "the model has {own} features, and the card {named}; give each a [[feature]]"
    );
    let mut seen = HashSet::new();
    for feature in &card.features {
        ensure!(seen.insert(&feature.name), "feature {:?} is in the card twice", feature.name);
    }
    let found: Vec<Option<usize>> =
        card.features.iter().map(|feature| index_of(model, feature)).collect();
    if let Some(order) = found.iter().copied().collect::<Option<Vec<usize>>>() {
        let mut seen = HashSet::new();
        let twice = order.iter().find(|index| !seen.insert(**index));
        let twice = twice.map(|index| &model.features[*index].name);
        ensure!(twice.is_none(), "two features of the card are the model's {:?}", twice.unwrap());
        return Ok(order);
    }
    if let (true, Some(unknown)) = (model.is_named, found.iter().position(Option::is_none)) {
        let names: Vec<&str> = model.features.iter().map(|own| own.name.as_str()).collect();
        let feature = &card.features[unknown];
        bail!(
            "the model has no feature {:?}; it has {}. Give the name in the file as input = \"…\"",
            feature.input.as_ref().unwrap_or(&feature.name),
            names.join(", ")
        );
    }
    Ok((0..own).collect())
}

fn index_of(model: &Model, feature: &card::Feature) -> Option<usize> {
    let name = feature.input.as_ref().unwrap_or(&feature.name);
    let exact = model.features.iter().position(|own| own.name == *name);
    exact
        .or_else(|| model.features.iter().position(|own| simplified(&own.name) == simplified(name)))
}

struct DescribedFeature {
    feature: Feature,
    notes: FeatureNotes,
    coding: Coding,
}

fn describe_feature(
    model: &mut Model,
    own: &crate::ir::model::Feature,
    card: &card::Feature,
) -> Result<DescribedFeature> {
    let (kind, codes) = kind(own, card)?;
    if let Kind::Category(names) = &kind {
        check_unique(names, "categories")?;
    }
    let input = model.graph.inputs[own.input].kind;
    let missing = missing(own, card, input)?;
    let unusual = match (card.unusual, &kind, &own.values) {
        (Some(card::Unusual::Refuse), ..) => UnusualPolicy::Refuse,
        (Some(card::Unusual::Accept), ..) => UnusualPolicy::Accept,
        (None, _, Values::Text { refuses_others: true, .. }) => UnusualPolicy::Refuse,
        // The card has no code for an unknown category.
        (None, Kind::Category(_), Values::Number | Values::Whole | Values::Flag) => {
            UnusualPolicy::Refuse
        }
        (None, ..) => UnusualPolicy::Accept,
    };
    let coding = match (&kind, &codes, &own.values) {
        (Kind::Category(names), Some(codes), _) => {
            let (names, codes) = (model.graph.texts(names)?, model.graph.doubles(codes)?);
            Coding::Codes { names, codes }
        }
        (_, _, Values::Text { missing: Some(missing), .. }) => {
            Coding::Text { missing: model.graph.texts(std::slice::from_ref(missing))? }
        }
        _ => Coding::Plain,
    };
    Ok(DescribedFeature {
        coding,
        notes: FeatureNotes {
            description: card.description.clone(),
            unit: card.unit.clone(),
            other_units: other_units(card, &kind)?,
            missing: match (missing, card.missing_note.as_str()) {
                (MissingPolicy::Refuse, _) => String::new(),
                (MissingPolicy::Impute, "") => {
                    "The model puts another value in its place.".to_owned()
                }
                (MissingPolicy::Handle, "") => {
                    "The model was trained with missing values.".to_owned()
                }
                (_, note) => note.to_owned(),
            },
            reference: card
                .reference
                .as_ref()
                .map(|reference| describe_reference(reference, &kind))
                .transpose()?,
        },
        feature: Feature {
            name: card.name.clone(),
            group: outcome::group(card.group.as_ref(), &kind)?,
            kind,
            missing,
            unusual,
        },
    })
}

/// Returns the type of a feature, and the codes of its categories.
///
/// The last two codes are for an unknown category and for a missing value.
fn kind(own: &crate::ir::model::Feature, card: &card::Feature) -> Result<(Kind, Option<Vec<f64>>)> {
    let [minimum, maximum] = card.range.unwrap_or([f64::NEG_INFINITY, f64::INFINITY]);
    ensure!(minimum <= maximum, "its range ends before it begins");
    if card.categories.is_none() && card.codes.is_some() {
        bail!("it has codes and no categories");
    }
    let number = |whole| {
        let missing_values = card.missing_values.clone();
        Kind::Number(NumberRange { minimum, maximum, whole, missing_values })
    };
    match (&own.values, &card.categories) {
        (Values::Text { known, .. }, categories) => {
            let names = categories.clone().unwrap_or_else(|| known.clone());
            ensure!(!names.is_empty(), "the file does not say its categories; list them");
            if let Some(unknown) =
                names.iter().find(|name| !known.is_empty() && !known.contains(name))
            {
                bail!(
                    "the model does not know the category {unknown:?}; it knows {}",
                    known.join(", ")
                );
            }
            Ok((Kind::Category(names), None))
        }
        (Values::Category { names, codes, unknown }, categories) => {
            let renamed = categories.as_ref().unwrap_or(names);
            ensure!(
                renamed.len() == names.len(),
                "the model has {} categories, and the card {}",
                names.len(),
                renamed.len()
            );
            let codes = codes.iter().copied().chain([*unknown, f64::NAN]).collect();
            Ok((Kind::Category(renamed.clone()), Some(codes)))
        }
        (_, Some(names)) => {
            let codes = card
                .codes
                .as_ref()
                .context("the model takes a number; give the codes of its categories")?;
            ensure!(
                codes.len() == names.len(),
                "it has {} categories and {} codes",
                names.len(),
                codes.len()
            );
            // Neither an unknown category nor a missing one has a code.
            let codes = codes.iter().copied().chain([f64::NAN, f64::NAN]).collect();
            Ok((Kind::Category(names.clone()), Some(codes)))
        }
        (Values::Flag, None) => Ok((Kind::Flag, None)),
        (_, None) if card.flag => Ok((Kind::Flag, None)),
        (Values::Whole, None) => Ok((number(true), None)),
        (Values::Number, None) => Ok((number(card.whole), None)),
    }
}

/// Returns the other units of a feature: of a number with a unit and with fractions.
fn other_units(card: &card::Feature, kind: &Kind) -> Result<Vec<OtherUnit>> {
    let mut units = Vec::new();
    for card::OtherUnit { unit, factor, offset } in &card.other_units {
        match kind {
            Kind::Number(NumberRange { whole: false, .. }) => {}
            Kind::Number(_) => bail!("it has whole numbers, and takes no other unit"),
            _ => bail!("it is no number, and takes no other unit"),
        }
        ensure!(!card.unit.is_empty(), "it has other units, and no unit of its own");
        ensure!(!unit.is_empty() && *unit != card.unit, "another unit needs a code of its own");
        let is_conversion = factor.is_finite() && *factor != 0.0 && offset.is_finite();
        ensure!(is_conversion, "the factor of {unit:?} is no conversion");
        units.push(OtherUnit { code: unit.clone(), factor: *factor, offset: *offset });
    }
    let codes: Vec<String> = units.iter().map(|unit| unit.code.clone()).collect();
    check_unique(&codes, "other units")?;
    Ok(units)
}

fn missing(
    own: &crate::ir::model::Feature,
    card: &card::Feature,
    input: InputKind,
) -> Result<MissingPolicy> {
    let policy = match card.missing {
        Some(card::Missing::Refuse) => MissingPolicy::Refuse,
        Some(card::Missing::Impute) => MissingPolicy::Impute,
        Some(card::Missing::Handle) => MissingPolicy::Handle,
        None => match own.missing {
            Missing::Refuse => MissingPolicy::Refuse,
            Missing::Impute => MissingPolicy::Impute,
            // A model trained without missing values has no useful answer to one.
            Missing::Handle { is_trained: false } => MissingPolicy::Refuse,
            Missing::Handle { is_trained: true } => MissingPolicy::Handle,
        },
    };
    let has_nan = matches!(input, InputKind::Float | InputKind::Double);
    // A missing string is an empty one. Some models have the empty string as a category.
    let can_be_missing = has_nan || input == InputKind::Text;
    if policy != MissingPolicy::Refuse && !can_be_missing {
        bail!("the model takes whole numbers, of which none is missing; set missing = \"refuse\"");
    }
    Ok(policy)
}

fn describe_reference(card: &card::Reference, kind: &Kind) -> Result<Reference> {
    Ok(Reference { bins: bins(card, kind)?, missing: card.missing })
}

fn describe_outputs(model: &mut Model, card: &Card) -> Result<(Vec<Output>, Vec<OutputNotes>)> {
    let (own, named) = (model.answers.len(), card.outputs.len());
    ensure!(
        own == named,
        "the model has {own} outputs, and the card {named}; give each an [[output]]"
    );
    let mut seen = HashSet::new();
    let mut described = Vec::new();
    for (answer, output) in model.answers.iter().zip(&card.outputs) {
        ensure!(seen.insert(&output.name), "output {:?} is in the card twice", output.name);
        let (value, kind) = match answer {
            Answer::Class(class) => describe_class(&mut model.graph, class, output),
            Answer::Number { value, column } => describe_number(*value, *column, output),
        }
        .with_context(|| format!("output {:?}", output.name))?;
        let notes = notes(kind, output).with_context(|| format!("output {:?}", output.name))?;
        described.push((value, notes));
    }
    Ok(described.into_iter().unzip())
}

fn notes(kind: OutputKind, card: &card::Output) -> Result<OutputNotes> {
    Ok(OutputNotes {
        name: card.name.clone(),
        description: card.description.clone(),
        positive: positive(&kind, card.positive.as_deref())?,
        reference: outcome::answer_bins(card.reference.as_ref(), &kind)?,
        kind,
    })
}

/// Finds the card's positive class among the classes of the output.
fn positive(kind: &OutputKind, label: Option<&str>) -> Result<Option<u32>> {
    let Some(label) = label else { return Ok(None) };
    let OutputKind::Classes(labels) = kind else {
        bail!("it has a positive class, and the model answers a number")
    };
    let index = labels.iter().position(|other| other == label);
    let index = index.with_context(|| format!("its positive class {label:?} is no class of it"))?;
    Ok(Some(index as u32))
}

fn describe_class(
    graph: &mut Graph,
    class: &Class,
    card: &card::Output,
) -> Result<(Output, OutputKind)> {
    let (index, names) = match (&class.choice, &card.classes) {
        (Choice::Index { index, labels, .. }, names) => {
            (*index, names.clone().unwrap_or_else(|| labels.clone()))
        }
        (Choice::Label(label), Some(names)) => {
            (labels::index(graph, *label, names)?, names.clone())
        }
        (Choice::Label(_), None) => bail!("list its labels: classes = [\"…\"]"),
    };
    if let Choice::Index { labels, .. } = &class.choice {
        let (own, named) = (labels.len(), names.len());
        ensure!(own == named, "the model has {own} classes, and the card {named}");
    }
    check_unique(&names, "classes")?;
    let labels = graph.texts(&names)?;
    let probabilities = class.probabilities.filter(|_| card.probabilities != Some(false));
    Ok((Output::Class { index, probabilities, labels }, OutputKind::Classes(names)))
}

fn describe_number(
    value: Value,
    column: usize,
    card: &card::Output,
) -> Result<(Output, OutputKind)> {
    ensure!(card.classes.is_none(), "it has classes, and the model answers a number");
    let [minimum, maximum] = card.range.unwrap_or([f64::NEG_INFINITY, f64::INFINITY]);
    let range = QuantityRange { unit: card.unit.clone(), minimum, maximum };
    Ok((Output::Quantity { value, column }, OutputKind::Quantity(range)))
}
