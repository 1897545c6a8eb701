//! The model's file and its card, put together into what the component says and computes.

use crate::card::{self, Card};
use crate::contract::{
    Description, Feature, FeatureNotes, Kind, MissingPolicy, NumberBin, OutputKind, OutputNotes,
    QuantityRange, Reference, ReferenceBins, Signature, UnusualPolicy,
};
use crate::ir::graph::{InputKind, Value};
use crate::ir::model::{Answer, Missing, Model, Values, is_same_name};
use crate::ir::program::{Cell, Output};
use anyhow::{Context, Result, anyhow, bail, ensure};
use std::collections::HashSet;

/// A model with all that a component needs, but for its examples' answers.
pub struct Described {
    pub signature: Signature,
    pub description: Description,
    /// The answers, by the values of the graph.
    pub outputs: Vec<Output>,
    /// The way from features to the columns of each input.
    pub cells: Vec<Vec<Cell>>,
    /// The codes of each feature's categories; empty for those that have none.
    pub codes: Vec<Vec<f64>>,
}

/// Puts a model and its card together.
///
/// # Errors
///
/// Where the two disagree.
pub fn describe(model: &mut Model, card: &Card, digest: String) -> Result<Described> {
    check_name(&card.name)?;
    let order = match_features(model, card)?;
    let (mut features, mut notes, mut codes) = (Vec::new(), Vec::new(), Vec::new());
    let mut cells: Vec<Vec<Option<Cell>>> =
        model.graph.inputs.iter().map(|input| vec![None; input.columns]).collect();
    for (place, own) in order.iter().enumerate() {
        let feature = model.features[*own].clone();
        let card = &card.features[place];
        let described = describe_feature(model, &feature, card)
            .with_context(|| format!("feature {:?}", card.name))?;
        cells[feature.input][feature.column] =
            Some(Cell { feature: place, codes: described.cell_codes });
        codes.push(described.codes);
        features.push(described.feature);
        notes.push(described.notes);
    }
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
        },
        outputs,
        cells,
        codes,
    })
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

/// The place in the file of each feature of the card: by its name, or by its place if the file has no
/// names.
fn match_features(model: &Model, card: &Card) -> Result<Vec<usize>> {
    let (own, named) = (model.features.len(), card.features.len());
    ensure!(
        own == named,
        "the model has {own} features, and the card {named}; give each a [[feature]]"
    );
    let mut seen = HashSet::new();
    for feature in &card.features {
        ensure!(seen.insert(&feature.name), "feature {:?} is in the card twice", feature.name);
    }
    let place = |feature: &card::Feature| {
        model.features.iter().position(|own| is_same_name(&own.name, &feature.name))
    };
    let places: Vec<Option<usize>> = card.features.iter().map(place).collect();
    if let Some(places) = places.iter().copied().collect() {
        return Ok(places);
    }
    let has_names =
        model.features.iter().enumerate().any(|(place, own)| own.name != format!("x{place}"));
    if let (true, Some(unknown)) = (has_names, places.iter().position(Option::is_none)) {
        let names: Vec<&str> = model.features.iter().map(|own| own.name.as_str()).collect();
        bail!(
            "the model has no feature {:?}; it has {}",
            card.features[unknown].name,
            names.join(", ")
        );
    }
    Ok((0..own).collect())
}

struct DescribedFeature {
    feature: Feature,
    notes: FeatureNotes,
    codes: Vec<f64>,
    cell_codes: Option<(Value, Value)>,
}

fn describe_feature(
    model: &mut Model,
    own: &crate::ir::model::Feature,
    card: &card::Feature,
) -> Result<DescribedFeature> {
    let (kind, codes) = kind(own, card)?;
    let input = model.graph.inputs[own.input].kind;
    let missing = missing(own, card, input)?;
    let unusual = match (card.unusual, &kind, &own.values) {
        (Some(card::Unusual::Refuse), ..) => UnusualPolicy::Refuse,
        (Some(card::Unusual::Accept), ..) => UnusualPolicy::Accept,
        // Codes of the card have none for an unknown category.
        (None, Kind::Category(_), Values::Number | Values::Whole | Values::Flag) => {
            UnusualPolicy::Refuse
        }
        (None, ..) => UnusualPolicy::Accept,
    };
    let cell_codes = match (&kind, &codes) {
        (Kind::Category(names), Some(codes)) => {
            Some((model.graph.texts(names)?, model.graph.doubles(codes)?))
        }
        _ => None,
    };
    Ok(DescribedFeature {
        codes: codes.unwrap_or_default(),
        cell_codes,
        notes: FeatureNotes {
            description: card.description.clone(),
            unit: card.unit.clone(),
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
        feature: Feature { name: card.name.clone(), kind, missing, unusual },
    })
}

/// The kind of a feature, and the codes of its categories.
fn kind(own: &crate::ir::model::Feature, card: &card::Feature) -> Result<(Kind, Option<Vec<f64>>)> {
    let [minimum, maximum] = card.range.unwrap_or([f64::NEG_INFINITY, f64::INFINITY]);
    ensure!(minimum <= maximum, "its range ends before it begins");
    if card.categories.is_none() && card.codes.is_some() {
        bail!("it has codes and no categories");
    }
    match (&own.values, &card.categories) {
        (Values::Text(known), categories) => {
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
        (Values::Whole, None) => Ok((Kind::Number { minimum, maximum, whole: true }, None)),
        (Values::Number, None) => Ok((Kind::Number { minimum, maximum, whole: card.whole }, None)),
    }
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
            Missing::Handle => MissingPolicy::Handle,
        },
    };
    let has_nan = matches!(input, InputKind::Float | InputKind::Double);
    // A missing text is an empty one, which is a category that some models know.
    let can_be_missing = has_nan || input == InputKind::Text;
    if policy != MissingPolicy::Refuse && !can_be_missing {
        bail!("the model takes whole numbers, of which none is missing; set missing = \"refuse\"");
    }
    Ok(policy)
}

fn describe_reference(card: &card::Reference, kind: &Kind) -> Result<Reference> {
    let shares = &card.shares;
    let sum: f64 = shares.iter().sum();
    let is_flag = matches!(kind, Kind::Flag);
    ensure!(
        is_flag || (sum - 1.0).abs() < 1e-3,
        "the shares of its reference add up to {sum}, not to 1"
    );
    let bins = match kind {
        Kind::Number { .. } => {
            let upper = card.upper.as_ref().context("its reference has no upper bounds")?;
            ensure!(
                upper.len() + 1 == shares.len(),
                "its reference needs one upper bound less than shares"
            );
            ensure!(
                upper.is_sorted_by(|a, b| a < b),
                "the upper bounds of its reference do not rise"
            );
            let uppers = upper.iter().copied().chain([f64::INFINITY]);
            let bins = uppers.zip(shares).map(|(upper, share)| NumberBin { upper, share: *share });
            ReferenceBins::Number(bins.collect())
        }
        Kind::Category(names) => {
            ensure!(
                shares.len() == names.len() + 1,
                "its reference needs a share for each category and one for all others"
            );
            ReferenceBins::Category(shares.clone())
        }
        Kind::Flag => match shares[..] {
            [share] => ReferenceBins::Flag(share),
            _ => bail!("its reference needs the share of true alone"),
        },
    };
    Ok(Reference { bins, missing: card.missing })
}

fn describe_outputs(model: &mut Model, card: &Card) -> Result<(Vec<Output>, Vec<OutputNotes>)> {
    let (own, named) = match &model.answer {
        Answer::Class { .. } => (1, card.outputs.len()),
        Answer::Quantities(list) => (list.len(), card.outputs.len()),
    };
    ensure!(
        own == named,
        "the model has {own} outputs, and the card {named}; give each an [[output]]"
    );
    match &model.answer {
        Answer::Class { place, probabilities, labels } => {
            let (place, probabilities, count) = (*place, *probabilities, labels.len());
            let output = &card.outputs[0];
            let names = output.classes.clone().unwrap_or_else(|| labels.clone());
            ensure!(
                names.len() == count,
                "the model has {count} classes, and the card {}",
                names.len()
            );
            let labels = model.graph.texts(&names)?;
            let probabilities = probabilities.filter(|_| output.probabilities != Some(false));
            let notes = OutputNotes {
                name: output.name.clone(),
                description: output.description.clone(),
                kind: OutputKind::Classes(names),
            };
            Ok((vec![Output::Class { place, probabilities, labels }], vec![notes]))
        }
        Answer::Quantities(list) => {
            let outputs = list
                .iter()
                .map(|(value, column)| Output::Quantity { value: *value, column: *column });
            let notes = card.outputs.iter().map(|output| {
                if output.classes.is_some() {
                    return Err(anyhow!(
                        "output {:?} has classes, and the model answers a number",
                        output.name
                    ));
                }
                let [minimum, maximum] = output.range.unwrap_or([f64::NEG_INFINITY, f64::INFINITY]);
                let range = QuantityRange { unit: output.unit.clone(), minimum, maximum };
                let (name, description) = (output.name.clone(), output.description.clone());
                Ok(OutputNotes { name, description, kind: OutputKind::Quantity(range) })
            });
            Ok((outputs.collect(), notes.collect::<Result<_>>()?))
        }
    }
}
