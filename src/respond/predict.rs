//! `POST /predict` and `POST /explain`: a prediction for one patient, or for a batch, with or
//! without explanations. `POST /what-if` is the same for rows made up.

use super::answer::{Answer, Batch, Explanations};
use super::detail::Entry;
use super::error::PredictError;
use super::explanation::Explainer;
use super::{Reply, answer_body, call_model, explain_model, predicted, table, uncompressed};
use crate::http::{ErrorForm, Request, Response, RowForm};
use crate::model::{self, Description, Explanation, Signature};
use crate::predict::{Answers, explanation};
use crate::record::Observed;
use crate::validate::rows::{self, Asked};
use crate::validate::{Explain, Rows, csv};

/// The differences between the routes of predictions in JSON.
#[derive(Clone, Copy)]
pub struct Manner {
    /// The form of errors.
    pub errors: ErrorForm,
    /// The choice of explanations for a request without one.
    pub explain: Option<Explain>,
    pub form: AnswerForm,
    /// True if the model's metrics count the predictions. They count nobody's made-up row.
    pub is_counted: bool,
}

/// The form of answers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum AnswerForm {
    /// An answer for one row, or a list under `predictions` for many.
    AsAsked,
    /// A list under `predictions`.
    Predictions,
    /// A list under `explanations`, without the predictions.
    Explanations,
    /// A header, and a line of CSV for each row.
    Csv,
    /// A line of JSON for each row.
    Lines,
}

/// Answers `POST /predict`, or `POST /explain` with its own choice of explanations.
pub fn post(request: &Request, explain: Option<Explain>) -> Reply {
    answer(request, manner(explain, true), &model::get_signature())
}

/// Answers `POST /what-if`.
pub fn what_if(request: &Request) -> Reply {
    answer(request, manner(None, false), &model::get_signature())
}

fn manner(explain: Option<Explain>, is_counted: bool) -> Manner {
    Manner { errors: ErrorForm::Detail, explain, form: AnswerForm::AsAsked, is_counted }
}

// Inlining it for each route would add code.
/// Answers a request in a manner.
#[inline(never)]
pub fn answer(request: &Request, manner: Manner, signature: &Signature) -> Reply {
    match request.row_form() {
        Some(RowForm::Json) => answer_body(request, signature, manner.errors, |body, signature| {
            predict(request, body, RowForm::Json, signature, manner)
        }),
        Some(form) if manner.form == AnswerForm::AsAsked => {
            let reply = predict_table(request, form, signature, manner);
            reply.unwrap_or_else(|error| error.reply(Observed::default(), manner.errors))
        }
        _ if manner.form == AnswerForm::AsAsked => {
            PredictError::no_rows().reply(Observed::default(), manner.errors)
        }
        _ => PredictError::not_json().reply(Observed::default(), manner.errors),
    }
}

/// Answers a body with a line for each row.
///
/// # Errors
///
/// If it cannot be decompressed, or is no CSV.
fn predict_table<'a>(
    request: &'a Request,
    form: RowForm,
    signature: &'a Signature,
    manner: Manner,
) -> Result<Reply, PredictError<'a>> {
    let mut body = uncompressed(request)?;
    if form == RowForm::Csv {
        let json = csv::to_json(&body, signature);
        body = json.map_err(|fault| PredictError::Invalid(fault.into()))?.into();
    }
    let reply = predict(request, &body, form, signature, manner);
    Ok(reply.unwrap_or_else(|error| error.reply(Observed::default(), manner.errors)))
}

/// Answers an uncompressed body with rows of a form; CSV as JSON made of it.
///
/// # Errors
///
/// If the model cannot be called with it.
fn predict<'a>(
    request: &Request,
    body: &'a [u8],
    sent: RowForm,
    signature: &'a Signature,
    manner: Manner,
) -> Result<Reply, PredictError<'a>> {
    // Read the rows, and the choice of explanations.
    let ask = || model::describe().features;
    let asked = rows::read(body, sent, signature, ask, manner.explain);
    let asked = asked.map_err(PredictError::Invalid)?;
    let input = &asked.input;
    let explain = match manner.form {
        AnswerForm::Explanations => asked.explain.or(manner.explain),
        _ => asked.explain,
    };
    let explained = explain.map(|explain| Explained::new(explain, signature, &input.rows));
    let explained = explained.transpose()?;

    // One row of JSON, the usual request, asks the host for no more headers.
    let form = || match manner.form {
        AnswerForm::AsAsked if asked.form.is_batch => match request.accepted_form(sent) {
            RowForm::Json => AnswerForm::AsAsked,
            RowForm::Csv => AnswerForm::Csv,
            RowForm::Lines => AnswerForm::Lines,
        },
        form => form,
    };

    // Call the model.
    let (call, mut observed) = match manner.is_counted {
        true => call_model(input, signature, request),
        false => (crate::predict::call(&input.rows), Observed::default()),
    };
    // A warning may contain input of the client.
    observed.has_few_sizes = input.accepted.is_empty();
    let refuse = |no_answer, observed| {
        let place = |row| asked.form.place(row);
        Ok(PredictError::of_no_answer(no_answer, place, signature).reply(observed, manner.errors))
    };
    let answers = match call.answers {
        Ok(answers) => answers,
        Err(no_answer) => return refuse(no_answer, observed),
    };
    let Some(mut explained) = explained else {
        let response = respond(signature, form(), &asked, &answers, None);
        return Ok(predicted(response, observed));
    };

    // Call it again for the explanations.
    let description = &explained.description;
    let explanations = match manner.is_counted {
        true => explain_model(&input.rows, &answers, signature, description, &mut observed),
        false => explanation::call(&input.rows, &answers, signature, description).explanations,
    };
    match explanations {
        Ok(explanations) => explained.explanations = explanations,
        Err(no_answer) => return refuse(no_answer, observed),
    }
    let response = respond(signature, form(), &asked, &answers, Some(&explained));
    Ok(predicted(response, observed))
}

/// The explanations of a request.
struct Explained {
    explain: Explain,
    description: Description,
    explanations: Vec<Explanation>,
}

impl Explained {
    /// Makes the explanations of a request before the model is called.
    ///
    /// # Errors
    ///
    /// If the model has none, or those of the rows are beyond a limit.
    fn new<'a>(
        explain: Explain,
        signature: &Signature,
        rows: &Rows,
    ) -> Result<Self, PredictError<'a>> {
        let description = model::describe();
        explain
            .check(&description, signature.features.len(), rows.len)
            .map_err(|violation| PredictError::Invalid(violation.into()))?;
        Ok(Self { explain, description, explanations: Vec::new() })
    }
}

fn respond(
    signature: &Signature,
    form: AnswerForm,
    asked: &Asked,
    answers: &Answers,
    explained: Option<&Explained>,
) -> Response {
    let Asked { form: rows_form, input, .. } = asked;
    let features = signature.features.len();
    let explanation = |row: usize| {
        let Explained { explain, description, explanations } = explained?;
        let explainer = Explainer { signature, description, explain: *explain };
        let values = &input.rows.values[row * features..][..features];
        Some(explainer.row(values, &answers.predictions[row], &explanations[row]))
    };
    let answer = |row: usize| {
        let warnings = input.accepted.of_row(row).map(Entry::new).collect();
        let values = &input.rows.values[row * features..][..features];
        let prediction = &answers.predictions[row];
        Answer::new(signature, values, prediction, &answers.notes, explanation(row), warnings)
    };
    let rows = 0..input.rows.len;
    if form == AnswerForm::AsAsked && !rows_form.is_batch {
        return Response::json(200, &answer(0));
    }
    if form == AnswerForm::Explanations {
        let explanations = rows.map(explanation).collect();
        return Response::json(200, &Explanations { explanations });
    }
    let predictions: Vec<_> = rows.map(answer).collect();
    match form {
        AnswerForm::Lines => table::lines(&predictions),
        AnswerForm::Csv => table::csv(&predictions, &signature.features, &input.accepted),
        _ => {
            let more_warnings = input.accepted.not_kept();
            Response::json(200, &Batch { predictions, more_warnings })
        }
    }
}
