//! `POST /predict`: one patient in, one prediction out.

use crate::edge::clock::Stopwatch;
use crate::edge::{model, random};
use crate::http::{Reply, Request, Response};
use crate::input::{self, Problem, Row};
use crate::limits;
use crate::metrics::{Bin, Inference, Observed, Outcome, drift};
use model::{Output, Prediction, Signature};
use serde::{Serialize, Serializer};
use std::time::Duration;

pub fn post(request: &Request) -> Reply {
    let signature = model::get_signature();
    let row = match input::patient(&request.body, &signature) {
        Ok(row) => row,
        Err(problems) => return refuse(&problems),
    };
    let stopwatch = Stopwatch::start();
    let answers = model::predict(&row.values);
    let duration = stopwatch.elapsed();
    match answers.into_iter().next() {
        Some(Ok(prediction)) => accept(&signature, &row, &prediction, duration),
        Some(Err(refusal)) => refuse(&[Problem::refused(&refusal, &signature)]),
        None => Response::error(500, "The model gave no answer").into(),
    }
}

/// 422, as FastAPI words it: every violation in one answer.
fn refuse(problems: &[Problem]) -> Reply {
    #[derive(Serialize)]
    struct Refusal<'a> {
        detail: &'a [Problem<'a>],
    }
    Reply {
        response: Response::json(422, &Refusal { detail: problems }),
        observed: Observed {
            invalid: problems.iter().map(Problem::observed).collect(),
            ..Observed::default()
        },
    }
}

/// The answer of the original service, and warnings where the model took an unusual value.
#[derive(Serialize)]
struct Answer<'a> {
    prediction: Named<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    confidence: Option<f64>,
    model_version: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    warnings: &'a [Problem<'a>],
}

fn accept(signature: &Signature, row: &Row, prediction: &Prediction, duration: Duration) -> Reply {
    let names = output_names(prediction);
    let answer = Answer {
        prediction: Named { outputs: prediction, names: &names },
        confidence: match &prediction[..] {
            [Output::Class(class)] => class.confidence,
            _ => None,
        },
        model_version: &signature.version,
        warnings: &row.warnings,
    };
    Reply {
        response: Response::json(200, &answer),
        observed: Observed {
            inference: Some(inference(signature, prediction, &names, duration)),
            invalid: row.warnings.iter().map(Problem::observed).collect(),
            unknown_features: row.unknown_features,
            bins: sampled_bins(signature, row),
        },
    }
}

/// One class, the usual case, needs no name; the description has those of all others.
fn output_names(prediction: &Prediction) -> Vec<String> {
    if let [Output::Class(_)] = &prediction[..] {
        return Vec::new();
    }
    model::describe().outputs.into_iter().map(|output| output.name).collect()
}

/// A class or a number; an object by the outputs' names where there are several.
struct Named<'a> {
    outputs: &'a [Output],
    names: &'a [String],
}

impl Serialize for Named<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.outputs {
            [output] => Plain(output).serialize(serializer),
            outputs => serializer.collect_map(self.names.iter().zip(outputs.iter().map(Plain))),
        }
    }
}

/// An output without what is known about it.
struct Plain<'a>(&'a Output);

impl Serialize for Plain<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Output::Class(class) => class.label.serialize(serializer),
            Output::Quantity(quantity) => quantity.serialize(serializer),
        }
    }
}

fn inference(
    signature: &Signature,
    prediction: &Prediction,
    names: &[String],
    duration: Duration,
) -> Inference {
    let outcome = |(index, output): (usize, &Output)| match output {
        Output::Class(class) => {
            Outcome { prediction: class.label.clone(), confidence: class.confidence }
        }
        Output::Quantity(_) => {
            Outcome { prediction: names.get(index).cloned().unwrap_or_default(), confidence: None }
        }
    };
    Inference {
        model: signature.name.clone(),
        version: signature.version.clone(),
        duration,
        outcomes: prediction.iter().enumerate().map(outcome).collect(),
    }
}

/// The bins of this row's values, if chance takes it into the sample.
fn sampled_bins(signature: &Signature, row: &Row) -> Vec<Bin> {
    if random::one_in(limits::drift_sample_interval()) {
        drift::bins(signature, &model::describe(), &row.values)
    } else {
        Vec::new()
    }
}
