//! `POST /predict`: one patient in, one prediction out; or many of both.

use super::answer_body;
use crate::edge::model::{self, Output, Prediction, Refusal, Signature};
use crate::http::{ErrorForm, Reply, Request, Response, media_type};
use crate::inference::{self, Answers, NoAnswer};
use crate::input::{self, Form, Input, Place, Problem, Problems};
use crate::metrics::{Invalid, Observed};
use serde::{Serialize, Serializer};

pub fn post(request: &Request) -> Reply {
    if request.says_not_json() {
        return ErrorForm::Detail.response(415, media_type::NOT_JSON).into();
    }
    let signature = model::get_signature();
    answer_body(request, ErrorForm::Detail, |body| predict(request, body, &signature))
}

fn predict(request: &Request, body: &[u8], signature: &Signature) -> Result<Reply, Reply> {
    let input = input::read(body, signature).map_err(refuse)?;
    let call = inference::call(&input.rows);
    let (response, refused) = match &call.answers {
        Ok(answers) => (respond(signature, &input, answers), Invalid::default()),
        Err(NoAnswer::Refused(refused)) => {
            let problems = refusals(refused, &input, signature);
            (Response::json(422, &problems), problems.invalid)
        }
        Err(NoAnswer::Broken(how)) => {
            (inference::broken(how, ErrorForm::Detail), Invalid::default())
        }
    };
    let observed = call.observed(&input.rows, refused, signature, request.chance);
    Ok(Reply { response, observed })
}

/// 422, as FastAPI words it: every violation in one answer.
fn refuse(problems: Problems) -> Reply {
    let response = Response::json(422, &problems);
    let Problems { invalid, unknown_features, .. } = problems;
    Reply { response, observed: Observed { invalid, unknown_features, ..Observed::default() } }
}

fn refusals<'a>(
    refused: &[(usize, Refusal)],
    input: &Input,
    signature: &'a Signature,
) -> Problems<'a> {
    let mut problems = Problems::default();
    for (row, refusal) in refused {
        let place = match input.form {
            Form::Patient => Place::PatientData,
            Form::Instances => Place::Instance(*row),
        };
        problems.push(Problem::refused(refusal, place, signature));
    }
    problems
}

fn respond(signature: &Signature, input: &Input, answers: &Answers) -> Response {
    let answer = |row: usize| {
        let warnings = input.warnings_of(row).collect();
        Answer::new(signature, &answers.predictions[row], &answers.names, warnings)
    };
    match input.form {
        Form::Patient => Response::json(200, &answer(0)),
        Form::Instances => {
            let predictions = (0..input.rows.len).map(answer).collect();
            Response::json(200, &Batch { predictions, more_warnings: input.more_warnings })
        }
    }
}

#[derive(Serialize)]
struct Batch<'a> {
    /// In the order of the instances.
    predictions: Vec<Answer<'a>>,
    /// How many more there are than those that stand in the answers.
    #[serde(skip_serializing_if = "is_zero")]
    more_warnings: u64,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// The answer of the original service, and warnings where the model took an unusual value.
#[derive(Serialize)]
pub struct Answer<'a> {
    prediction: Named<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    confidence: Option<f64>,
    model_version: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<&'a Problem<'a>>,
}

impl<'a> Answer<'a> {
    /// `names` are those of the outputs; one output needs none.
    pub fn new(
        signature: &'a Signature,
        outputs: &'a Prediction,
        names: &'a [String],
        warnings: Vec<&'a Problem<'a>>,
    ) -> Self {
        Self {
            prediction: Named { outputs, names },
            confidence: match &outputs[..] {
                [Output::Class(class)] => class.confidence,
                _ => None,
            },
            model_version: &signature.version,
            warnings,
        }
    }
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
