//! The keys of the counters: `4/<kind>/<label>/…`.
//!
//! Labels and buckets are in the key, and the counter is one number. Keys use only the characters
//! `[-/_=.a-zA-Z0-9]`, with no dot at either end, since every store allows them. Any other byte of
//! a label becomes `=` and two hexadecimal digits. The leading 4 is the version of this form: it
//! keeps the service from misreading counters left in a lasting store by an older or a newer
//! service.

use super::buckets::{Buckets, CONFIDENCE, DURATION, INFERENCE};
use crate::http::hexadecimal;
use std::borrow::Cow;

/// The subject of one counter. A bucket is an index into the bounds of `buckets`.
#[derive(Clone, Debug, PartialEq)]
pub enum Key<'a> {
    /// Counts HTTP exchanges.
    Exchange(Http<'a>),
    /// Counts HTTP exchanges with one prediction, the usual case. One increment is one observation
    /// in several families.
    Prediction {
        http: Http<'a>,
        class: Class<'a>,
        inference_bucket: usize,
        /// The size of the response, up to [`COUNTED_RESPONSE_BYTES`]; none if the sum of the route
        /// includes it.
        response_bytes: Option<usize>,
        /// The confidence in whole percent, from 0 to 100; none if the sum of the model includes
        /// it.
        percent: Option<usize>,
    },
    /// Sums up a quantity over the exchanges of a handler and method.
    HttpSum { quantity: HttpQuantity, handler: Cow<'a, str>, method: Cow<'a, str> },
    /// Counts predictions of calls with more than one.
    Predicted(Class<'a>),
    /// Counts calls into the model before they are made.
    Started(Model<'a>),
    /// Counts calls into the model with several predictions, or with none.
    Call { model: Model<'a>, inference_bucket: usize },
    /// Sums up a quantity over the calls of a model.
    ModelSum { quantity: ModelQuantity, model: Model<'a> },
    /// Counts refused or unusual values, and keys that name no feature.
    Violation { feature: Cow<'a, str>, reason: Cow<'a, str> },
    /// Counts sampled values by bin of the model's reference.
    Bin { model: Model<'a>, feature: Cow<'a, str>, bin: usize },
    /// Counts calls for explanations before they are made.
    ExplanationStarted(Model<'a>),
    /// Counts calls for explanations.
    ExplanationCall { model: Model<'a>, inference_bucket: usize },
    /// Counts rows by the result of their explanation.
    Explanation { model: Model<'a>, result: ExplanationResult },
    /// Sums up a feature's proportions of the contributions, in units of `buckets::CONFIDENCE`.
    Contribution { model: Model<'a>, feature: Cow<'a, str> },
    /// Adds to a number of outcomes: `outcomes` has the families, and the meaning of a unit in each.
    Outcome { family: usize, unit: usize, labels: Vec<Cow<'a, str>> },
    /// Counts answers of an output by bin of its reference.
    AnswerBin { model: Model<'a>, output: Cow<'a, str>, bin: usize },
}

/// A quantity of an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HttpQuantity {
    /// The size of the request's body, in bytes.
    RequestSize,
    /// The size of the response's body, in bytes.
    ResponseSize,
    /// The duration, in units of `buckets::DURATION`.
    Duration,
}

/// A quantity of a call into the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModelQuantity {
    /// The duration, in units of `buckets::INFERENCE`.
    Inference,
    /// The confidence, in units of `buckets::CONFIDENCE`.
    Confidence,
    /// The duration of calls for explanations, in units of `buckets::INFERENCE`.
    Explanation,
}

/// The result of a row's explanation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExplanationResult {
    /// The row is explained.
    Ok,
    /// The model refuses to explain the row.
    Refused,
    /// The call breaks the model's contract.
    Failed,
}

impl ExplanationResult {
    /// All results.
    pub const ALL: [Self; 3] = [Self::Ok, Self::Refused, Self::Failed];

    /// Returns the label.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }
}

/// The labels of an exchange.
#[derive(Clone, Debug, PartialEq)]
pub struct Http<'a> {
    pub handler: Cow<'a, str>,
    pub method: Cow<'a, str>,
    /// The first digit of the status, from 1 to 5.
    pub status: usize,
    pub duration_bucket: usize,
}

/// The labels of a model.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Model<'a> {
    pub name: Cow<'a, str>,
    pub version: Cow<'a, str>,
}

impl<'a> Model<'a> {
    /// Makes the labels of a version of a model.
    pub fn new(name: &'a str, version: &'a str) -> Self {
        Self { name: name.into(), version: version.into() }
    }
}

/// The labels of a prediction of the model.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Class<'a> {
    pub model: Model<'a>,
    pub prediction: Cow<'a, str>,
    /// The bucket of the confidence; none if the model states no confidence.
    pub confidence_bucket: Option<usize>,
}

const VERSION: &str = "4";

/// The largest size of a response, in bytes, in the key of its exchange.
pub const COUNTED_RESPONSE_BYTES: usize = 512;

impl Key<'_> {
    /// Writes the key in the form of the store.
    pub fn encode(&self) -> String {
        let mut path = Path::new();
        match self {
            Self::Exchange(http) => path.part("h").http(http),
            Self::Prediction { http, class, inference_bucket, response_bytes, percent } => path
                .part("p")
                .http(http)
                .class(class)
                .number(*inference_bucket)
                .optional(*response_bytes)
                .optional(*percent),
            Self::HttpSum { quantity, handler, method } => {
                path.part(quantity.kind()).label(handler).label(method)
            }
            Self::Predicted(class) => path.part("o").class(class),
            Self::Started(model) => path.part("s").model(model),
            Self::Call { model, inference_bucket } => {
                path.part("c").model(model).number(*inference_bucket)
            }
            Self::ModelSum { quantity, model } => path.part(quantity.kind()).model(model),
            Self::Violation { feature, reason } => path.part("i").label(feature).label(reason),
            Self::Bin { model, feature, bin } => {
                path.part("b").model(model).label(feature).number(*bin)
            }
            Self::ExplanationStarted(model) => path.part("es").model(model),
            Self::ExplanationCall { model, inference_bucket } => {
                path.part("ec").model(model).number(*inference_bucket)
            }
            Self::Explanation { model, result } => {
                path.part("e").model(model).part(result.as_str())
            }
            Self::Contribution { model, feature } => path.part("ef").model(model).label(feature),
            Self::Outcome { family, unit, labels } => {
                path.part("t").number(*family).number(*unit);
                labels.iter().fold(&mut path, |path, label| path.label(label))
            }
            Self::AnswerBin { model, output, bin } => {
                path.part("a").model(model).label(output).number(*bin)
            }
        };
        path.0
    }

    /// Reads a key. Returns none for a key of another form, or with a bucket or a status out of
    /// range.
    pub fn decode(key: &str) -> Option<Key<'_>> {
        let mut parts = Parts(key.split('/'));
        if parts.0.next()? != VERSION {
            return None;
        }
        let key = match parts.0.next()? {
            "h" => Key::Exchange(parts.http()?),
            "p" => Key::Prediction {
                http: parts.http()?,
                class: parts.class()?,
                inference_bucket: parts.bucket(&INFERENCE)?,
                response_bytes: parts.optional(|part| up_to(part, COUNTED_RESPONSE_BYTES))?,
                percent: parts.optional(|part| up_to(part, 100))?,
            },
            "hq" => parts.http_sum(HttpQuantity::RequestSize)?,
            "hr" => parts.http_sum(HttpQuantity::ResponseSize)?,
            "hd" => parts.http_sum(HttpQuantity::Duration)?,
            "o" => Key::Predicted(parts.class()?),
            "s" => Key::Started(parts.model()?),
            "c" => Key::Call { model: parts.model()?, inference_bucket: parts.bucket(&INFERENCE)? },
            "mi" => Key::ModelSum { quantity: ModelQuantity::Inference, model: parts.model()? },
            "mc" => Key::ModelSum { quantity: ModelQuantity::Confidence, model: parts.model()? },
            "i" => Key::Violation { feature: parts.label()?, reason: parts.label()? },
            "b" => {
                Key::Bin { model: parts.model()?, feature: parts.label()?, bin: parts.number()? }
            }
            "me" => Key::ModelSum { quantity: ModelQuantity::Explanation, model: parts.model()? },
            "es" => Key::ExplanationStarted(parts.model()?),
            "ec" => Key::ExplanationCall {
                model: parts.model()?,
                inference_bucket: parts.bucket(&INFERENCE)?,
            },
            "e" => Key::Explanation { model: parts.model()?, result: parts.result()? },
            "ef" => Key::Contribution { model: parts.model()?, feature: parts.label()? },
            "t" => {
                let (family, unit) = (parts.number()?, parts.number()?);
                let labels = parts.0.by_ref().map(label).collect::<Option<_>>()?;
                Key::Outcome { family, unit, labels }
            }
            "a" => Key::AnswerBin {
                model: parts.model()?,
                output: parts.label()?,
                bin: parts.number()?,
            },
            _ => return None,
        };
        parts.0.next().is_none().then_some(key)
    }
}

impl HttpQuantity {
    fn kind(self) -> &'static str {
        match self {
            Self::RequestSize => "hq",
            Self::ResponseSize => "hr",
            Self::Duration => "hd",
        }
    }
}

impl ModelQuantity {
    fn kind(self) -> &'static str {
        match self {
            Self::Inference => "mi",
            Self::Confidence => "mc",
            Self::Explanation => "me",
        }
    }
}

/// Returns the key of a counter from the name of one of its shards.
pub fn without_shard(name: &str) -> &str {
    name.split_once('+').map_or(name, |(key, _)| key)
}

/// A key under construction.
struct Path(String);

impl Path {
    fn new() -> Self {
        let mut path = String::with_capacity(128);
        path.push_str(VERSION);
        Self(path)
    }

    fn part(&mut self, part: &str) -> &mut Self {
        self.0.push('/');
        self.0.push_str(part);
        self
    }

    fn http(&mut self, http: &Http) -> &mut Self {
        self.label(&http.handler)
            .label(&http.method)
            .number(http.status)
            .number(http.duration_bucket)
    }

    fn model(&mut self, model: &Model) -> &mut Self {
        self.label(&model.name).label(&model.version)
    }

    fn class(&mut self, class: &Class) -> &mut Self {
        self.model(&class.model).label(&class.prediction).optional(class.confidence_bucket)
    }

    fn optional(&mut self, number: Option<usize>) -> &mut Self {
        match number {
            Some(number) => self.number(number),
            None => self.part("-"),
        }
    }

    fn number(&mut self, number: usize) -> &mut Self {
        // `to_string` of a number needs no formatter, unlike `write!`.
        self.part(&number.to_string())
    }

    fn label(&mut self, label: &str) -> &mut Self {
        self.0.push('/');
        for byte in label.bytes() {
            match byte {
                b'-' | b'_' | b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => self.0.push(byte.into()),
                _ => {
                    self.0.push('=');
                    hexadecimal::push(&mut self.0, byte);
                }
            }
        }
        self
    }
}

/// The unread parts of a key.
struct Parts<'a>(std::str::Split<'a, char>);

impl<'a> Parts<'a> {
    fn http(&mut self) -> Option<Http<'a>> {
        Some(Http {
            handler: self.label()?,
            method: self.label()?,
            status: self.number().filter(|class| (1..=5).contains(class))?,
            duration_bucket: self.bucket(&DURATION)?,
        })
    }

    fn model(&mut self) -> Option<Model<'a>> {
        Some(Model { name: self.label()?, version: self.label()? })
    }

    fn class(&mut self) -> Option<Class<'a>> {
        Some(Class {
            model: self.model()?,
            prediction: self.label()?,
            confidence_bucket: self.optional(|part| bucket(part, &CONFIDENCE))?,
        })
    }

    /// Reads an optional number; `-` stands for none.
    fn optional(&mut self, read: impl Fn(&str) -> Option<usize>) -> Option<Option<usize>> {
        match self.0.next()? {
            "-" => Some(None),
            part => read(part).map(Some),
        }
    }

    fn http_sum(&mut self, quantity: HttpQuantity) -> Option<Key<'a>> {
        Some(Key::HttpSum { quantity, handler: self.label()?, method: self.label()? })
    }

    fn result(&mut self) -> Option<ExplanationResult> {
        let part = self.0.next()?;
        ExplanationResult::ALL.into_iter().find(|result| result.as_str() == part)
    }

    #[inline(never)]
    fn number(&mut self) -> Option<usize> {
        self.0.next()?.parse().ok()
    }

    fn bucket(&mut self, buckets: &Buckets) -> Option<usize> {
        bucket(self.0.next()?, buckets)
    }

    fn label(&mut self) -> Option<Cow<'a, str>> {
        self.0.next().and_then(label)
    }
}

// Inlining it for each label would add code.
#[inline(never)]
fn label(part: &str) -> Option<Cow<'_, str>> {
    if !part.contains('=') {
        return Some(Cow::Borrowed(part));
    }
    let mut pieces = part.split('=');
    let mut label = pieces.next()?.as_bytes().to_vec();
    for piece in pieces {
        label.push(u8::from_str_radix(piece.get(..2)?, 16).ok()?);
        label.extend_from_slice(&piece.as_bytes()[2..]);
    }
    String::from_utf8(label).ok().map(Cow::Owned)
}

/// Reads the index of a bucket. There is one bucket more than there are bounds.
fn bucket(part: &str, buckets: &Buckets) -> Option<usize> {
    up_to(part, buckets.bounds.len())
}

fn up_to(part: &str, most: usize) -> Option<usize> {
    part.parse().ok().filter(|number| *number <= most)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(prediction: &str) -> Class<'_> {
        let model = Model::new("heart-risk-demo", "v1.0.0");
        Class { model, prediction: prediction.into(), confidence_bucket: Some(8) }
    }

    #[test]
    fn every_kind_of_key_is_decoded_as_it_was_encoded() {
        let http = Http {
            handler: "/predict".into(),
            method: "POST".into(),
            status: 2,
            duration_bucket: 1,
        };
        let http_sum =
            |quantity| Key::HttpSum { quantity, handler: "/".into(), method: "GET".into() };
        let model = || Model::new("m", "1");
        let unusual = class("Hoch/niedrig = 50 % \u{2264}.");
        for key in [
            Key::Exchange(http.clone()),
            Key::Prediction {
                http: http.clone(),
                class: unusual.clone(),
                inference_bucket: 2,
                response_bytes: Some(512),
                percent: Some(100),
            },
            Key::Prediction {
                http,
                class: unusual,
                inference_bucket: 2,
                response_bytes: None,
                percent: None,
            },
            http_sum(HttpQuantity::RequestSize),
            http_sum(HttpQuantity::ResponseSize),
            http_sum(HttpQuantity::Duration),
            Key::Predicted(class("High Risk")),
            Key::Predicted(Class { confidence_bucket: None, ..class("") }),
            Key::Started(model()),
            Key::Call { model: model(), inference_bucket: 3 },
            Key::ModelSum { quantity: ModelQuantity::Inference, model: model() },
            Key::ModelSum { quantity: ModelQuantity::Confidence, model: model() },
            Key::Violation { feature: "age".into(), reason: "missing".into() },
            Key::Bin { model: model(), feature: "age".into(), bin: 0 },
            Key::ModelSum { quantity: ModelQuantity::Explanation, model: model() },
            Key::ExplanationStarted(model()),
            Key::ExplanationCall { model: model(), inference_bucket: 3 },
            Key::Explanation { model: model(), result: ExplanationResult::Refused },
            Key::Contribution { model: model(), feature: "age".into() },
            Key::Outcome {
                family: 3,
                unit: 1023,
                labels: vec!["m".into(), "".into(), ">=65".into()],
            },
            Key::Outcome { family: 9, unit: 0, labels: Vec::new() },
            Key::AnswerBin { model: model(), output: "risk".into(), bin: 3 },
        ] {
            assert_eq!(Key::decode(&key.encode()), Some(key));
        }
    }

    #[test]
    fn keys_have_only_letters_allowed_by_every_store() {
        let key = Key::Predicted(class("ß. *\u{0}>")).encode();
        assert!(key.bytes().all(|b| b.is_ascii_alphanumeric() || b"-/_=.".contains(&b)), "{key}");
    }

    #[test]
    fn keys_of_other_programs_and_versions_are_not_decoded() {
        for key in ["", "visits", "3/h/a/b/2/0", "4/h/a/b/2", "4/h/a/b/2/0/0", "4/z/a", "4/i/=4/b"]
        {
            assert_eq!(Key::decode(key), None, "{key}");
        }
    }

    #[test]
    fn keys_with_a_bucket_or_a_status_that_there_is_not_are_not_decoded() {
        for key in [
            "4/h/a/GET/0/0",
            "4/h/a/GET/6/0",
            "4/h/a/GET/2/28",
            "4/h/a/GET/2/4294967295",
            "4/h/a/GET/2/-1",
            "4/p/a/POST/2/0/m/v/c/13/0/-/-",
            "4/p/a/POST/2/0/m/v/c/12/20/-/-",
            "4/p/a/POST/2/0/m/v/c/12/19/513/-",
            "4/p/a/POST/2/0/m/v/c/12/19/-/101",
            "4/p/a/POST/2/0/m/v/c/12/19/-",
            "4/p/a/POST/2/0/m/v/c/12/19",
            "4/o/m/v/c/13",
            "4/c/m/v/20",
            "4/ec/m/v/20",
            "4/e/m/v/good",
            "4/t/x/0/m",
            "4/t/0/0/=4",
        ] {
            assert_eq!(Key::decode(key), None, "{key}");
        }
        for key in ["4/h/a/GET/2/27", "4/p/a/POST/2/0/m/v/c/12/19/512/100", "4/c/m/v/19"] {
            assert!(Key::decode(key).is_some(), "{key}");
        }
    }

    #[test]
    fn a_shard_has_the_key_of_its_counter() {
        let key = Key::Predicted(class("High Risk+")).encode();
        assert_eq!(without_shard(&format!("{key}+a1b2")), key);
        assert_eq!(without_shard(&key), key);
    }
}
