//! From tensors to rows: one tensor for each feature, or one for all of them.

use super::request::Input;
use crate::edge::model::{Feature, Kind, MissingPolicy, Refusal, Signature, Value};
use crate::input::{Checked, Reason, Rows, Violation, check};
use crate::limits;
use crate::metrics::{Invalid, NO_FEATURE};

/// What is wrong with a request, in one sentence for its client, and for metrics.
#[derive(Debug, Default)]
pub struct Faults {
    shown: Vec<String>,
    all: usize,
    pub invalid: Invalid,
}

/// More than this is counted, and not shown.
const SHOWN_FAULTS: usize = 10;

impl Faults {
    /// The request makes no sense.
    pub fn malformed(message: String) -> Self {
        let mut faults = Self::default();
        faults.add(None, Reason::Malformed, || message);
        faults
    }

    /// Something that is no fault of the inputs, and so no invalid input.
    pub fn elsewhere(message: String) -> Self {
        Self { shown: vec![message], all: 1, invalid: Invalid::default() }
    }

    /// The model itself refused rows.
    pub fn refused(refused: &[(usize, Refusal)], signature: &Signature) -> Self {
        let mut faults = Self::default();
        for (row, refusal) in refused {
            let index = refusal.feature.map(|index| index as usize);
            let feature = index.and_then(|index| signature.features.get(index));
            faults.add_violation(feature, *row, &Violation::refused(refusal));
        }
        faults
    }

    fn add_violation(&mut self, feature: Option<&Feature>, row: usize, violation: &Violation) {
        self.add(feature, violation.reason, || match feature {
            Some(feature) => format!("input {:?}, row {row}: {}", feature.name, violation.message),
            None => format!("row {row}: {}", violation.message),
        });
    }

    fn add(&mut self, feature: Option<&Feature>, reason: Reason, message: impl FnOnce() -> String) {
        self.all += 1;
        let feature = feature.map_or(NO_FEATURE, |feature| &feature.name);
        self.invalid.add(feature, reason.as_str(), 1);
        if self.shown.len() < SHOWN_FAULTS {
            self.shown.push(message());
        }
    }

    pub fn message(&self) -> String {
        let shown = self.shown.join("; ");
        match self.all - self.shown.len() {
            0 => shown,
            more => format!("{shown}; and {more} more"),
        }
    }
}

/// Makes rows of the inputs, and says what is unusual about their values.
///
/// # Errors
///
/// If the tensors are not those of the model, or do not fit together, or have values that it does
/// not take.
pub fn rows(inputs: &[Input], signature: &Signature) -> Result<(Rows, Option<Faults>), Faults> {
    let (values, len) = Columns::find(inputs, signature)?.read(signature)?;
    let mut rows = Rows { len, ..Rows::default() };
    rows.values.reserve(values.len());
    let (mut faults, mut unusual) = (Faults::default(), Faults::default());
    let features = signature.features.iter().cycle();
    for (index, (value, feature)) in values.into_iter().zip(features).enumerate() {
        let row = index / signature.features.len();
        match check(as_kind(value, &feature.kind), feature) {
            Ok(Checked { value, unusual: violation }) => {
                rows.values.push(value);
                if let Some(violation) = violation {
                    unusual.add_violation(Some(feature), row, &violation);
                }
            }
            Err(violation) => faults.add_violation(Some(feature), row, &violation),
        }
    }
    rows.invalid = std::mem::take(&mut unusual.invalid);
    if faults.all > 0 {
        faults.invalid.merge(rows.invalid);
        return Err(faults);
    }
    Ok((rows, (unusual.all > 0).then_some(unusual)))
}

/// In a tensor of numbers, a flag is 0 or 1.
fn as_kind(value: Value, kind: &Kind) -> Value {
    match (value, kind) {
        (Value::Number(0.0), Kind::Flag) => Value::Flag(false),
        (Value::Number(1.0), Kind::Flag) => Value::Flag(true),
        (value, _) => value,
    }
}

/// Where the values of the features are.
enum Columns<'a> {
    /// In one tensor of the shape `[rows, features]`.
    Together(&'a Input<'a>, usize),
    /// In a tensor for each feature, of the shape `[rows]` or `[rows, 1]`; none where it is missing.
    Apart(Vec<Option<&'a Input<'a>>>, usize),
}

impl<'a> Columns<'a> {
    fn find(inputs: &'a [Input], signature: &Signature) -> Result<Self, Faults> {
        let features = &signature.features;
        if let [input] = inputs
            && let [rows, columns] = input.shape[..]
            && columns == features.len()
        {
            check_rows(rows, features).map_err(Faults::malformed)?;
            return Ok(Self::Together(input, rows));
        }
        let rows = check_apart(inputs, features).map_err(Faults::malformed)?;
        let of = |feature: &Feature| inputs.iter().find(|input| input.name == feature.name);
        let mut missing = Faults::default();
        for feature in features {
            if feature.missing == MissingPolicy::Refuse && of(feature).is_none() {
                let message = || format!("input {:?} is required", feature.name);
                missing.add(Some(feature), Reason::Missing, message);
            }
        }
        if missing.all > 0 {
            return Err(missing);
        }
        Ok(Self::Apart(features.iter().map(of).collect(), rows))
    }

    /// All values, row after row, and the number of rows.
    fn read(self, signature: &Signature) -> Result<(Vec<Value>, usize), Faults> {
        match self {
            Self::Together(input, rows) => match input.values() {
                Ok(values) => Ok((values, rows)),
                Err(fault) => Err(Faults::malformed(format!("input {:?}: {fault}", input.name))),
            },
            Self::Apart(inputs, rows) => {
                let mut columns = Vec::with_capacity(inputs.len());
                for (input, feature) in inputs.into_iter().zip(&signature.features) {
                    columns.push(column(input, feature)?);
                }
                // Only now is it known that the client sent as many values as it said.
                let mut values = Vec::with_capacity(rows * columns.len());
                for _ in 0..rows {
                    values.extend(columns.iter_mut().map(|column| match column {
                        Some(column) => column.next().unwrap_or(Value::Missing),
                        None => Value::Missing,
                    }));
                }
                Ok((values, rows))
            }
        }
    }
}

/// The values of one feature; none if it is left out.
fn column(
    input: Option<&Input>,
    feature: &Feature,
) -> Result<Option<std::vec::IntoIter<Value>>, Faults> {
    let Some(input) = input else { return Ok(None) };
    match input.values() {
        Ok(values) => Ok(Some(values.into_iter())),
        Err(fault) => {
            let mut faults = Faults::default();
            let message = || format!("input {:?}: {fault}", input.name);
            faults.add(Some(feature), Reason::WrongType, message);
            Err(faults)
        }
    }
}

/// Checks names and shapes of tensors that have a feature each, and gives the number of rows.
fn check_apart(inputs: &[Input], features: &[Feature]) -> Result<usize, String> {
    let first = inputs.first().ok_or("the request has no inputs")?;
    let rows = first.shape.first().copied().unwrap_or_default();
    for (index, input) in inputs.iter().enumerate() {
        let (name, shape) = (&input.name, &input.shape);
        if !is_feature(name, features) {
            return Err(unknown(input, features));
        }
        if inputs[..index].iter().any(|other| other.name == *name) {
            return Err(format!("input {name:?} is there twice"));
        }
        match shape[..] {
            [len] | [len, 1] if len == rows => {}
            [_] | [_, 1] => {
                let (other, other_shape) = (&first.name, &first.shape);
                return Err(format!(
                    "inputs have as many rows as each other: {other:?} has shape \
                     {other_shape:?}, and {name:?} has {shape:?}"
                ));
            }
            _ => {
                return Err(format!(
                    "input {name:?} has shape {shape:?}; it takes [rows] or [rows, 1]"
                ));
            }
        }
    }
    check_rows(rows, features)?;
    Ok(rows)
}

fn check_rows(rows: usize, features: &[Feature]) -> Result<(), String> {
    limits::check_batch(rows, features.len())
        .map_err(|limit| format!("{rows} rows are more than {limit}"))
}

fn is_feature(name: &str, features: &[Feature]) -> bool {
    features.iter().any(|feature| feature.name == name)
}

fn unknown(input: &Input, features: &[Feature]) -> String {
    let names: Vec<_> = features.iter().map(|feature| feature.name.as_str()).collect();
    format!(
        "input {:?} of shape {:?} is none of the model's: it takes [rows] of each of {}, or all in \
         one tensor of shape [rows, {}]",
        input.name,
        input.shape,
        names.join(", "),
        names.len()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edge::model::{NumberRange, UnusualPolicy};
    use crate::tensor::request::parse;
    use serde_json::json;

    fn feature(name: &str, kind: Kind, missing: MissingPolicy) -> Feature {
        Feature { name: name.into(), kind, missing, unusual: UnusualPolicy::Refuse }
    }

    fn signature() -> Signature {
        let age = Kind::Number(NumberRange { minimum: 0.0, maximum: 130.0, whole: false });
        let sex = Kind::Category(vec!["f".into(), "m".into()]);
        Signature {
            name: "m".into(),
            version: "1".into(),
            features: vec![
                feature("age", age, MissingPolicy::Refuse),
                feature("smoker", Kind::Flag, MissingPolicy::Refuse),
                feature("sex", sex, MissingPolicy::Handle),
            ],
        }
    }

    /// The values of a request with these inputs, or what is wrong with it.
    fn read(inputs: serde_json::Value) -> Result<Vec<Value>, String> {
        let body = json!({ "inputs": inputs }).to_string();
        let request = parse(body.as_bytes(), None)?;
        match rows(&request.inputs, &signature()) {
            Ok((rows, _)) => Ok(rows.values),
            Err(faults) => Err(faults.message()),
        }
    }

    fn input(
        name: &str,
        datatype: &str,
        shape: &[i64],
        data: serde_json::Value,
    ) -> serde_json::Value {
        json!({ "name": name, "datatype": datatype, "shape": shape, "data": data })
    }

    #[test]
    fn a_tensor_for_each_feature_becomes_rows() {
        let inputs = json!([
            input("smoker", "BOOL", &[2, 1], json!([[true], [false]])),
            input("age", "UINT8", &[2], json!([65, 45])),
        ]);
        let expected = [
            [Value::Number(65.0), Value::Flag(true), Value::Missing],
            [Value::Number(45.0), Value::Flag(false), Value::Missing],
        ];
        assert_eq!(read(inputs), Ok(expected.concat()));
    }

    #[test]
    fn one_tensor_has_all_features_and_flags_are_numbers_in_it() {
        let inputs = json!([input("x", "FP32", &[1, 3], json!([65.5, 1, null]))]);
        let expected = vec![Value::Number(65.5), Value::Flag(true), Value::Missing];
        assert_eq!(read(inputs), Ok(expected));
    }

    #[test]
    fn tensors_that_do_not_fit_are_refused_with_what_would() {
        let age = || input("age", "FP64", &[1], json!([65]));
        let smoker = |shape: &[i64], data| input("smoker", "BOOL", shape, data);
        for (inputs, part) in [
            (json!([]), "no inputs"),
            (json!([age()]), "\"smoker\" is required"),
            (json!([age(), age()]), "\"age\" is there twice"),
            (
                json!([age(), smoker(&[2], json!([true, true]))]),
                "\"age\" has shape [1], and \"smoker\" has [2]",
            ),
            (json!([age(), smoker(&[1, 2], json!([true, true]))]), "it takes [rows] or [rows, 1]"),
            (json!([age(), smoker(&[], json!([]))]), "it takes [rows] or [rows, 1]"),
            (json!([input("x", "FP64", &[1, 2], json!([1, 2]))]), "shape [rows, 3]"),
            (json!([age(), input("x", "FP64", &[1], json!([1]))]), "age, smoker, sex"),
            (json!([age(), smoker(&[1], json!([]))]), "\"smoker\": shape [1] means 1 elements"),
            (json!([age(), smoker(&[-1], json!([]))]), "invalid value: integer `-1`"),
        ] {
            let error = read(inputs).unwrap_err();
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn a_value_that_the_model_does_not_take_is_named_by_input_and_row() {
        let inputs = json!([
            input("age", "FP64", &[3], json!([65, 131, null])),
            input("smoker", "INT8", &[3], json!([0, 1, 2])),
        ]);
        let error = read(inputs).unwrap_err();
        let expected = "input \"age\", row 1: Input should be less than or equal to 130; \
                        input \"age\", row 2: Field required; \
                        input \"smoker\", row 2: Input should be a valid boolean";
        assert_eq!(error, expected);
    }

    #[test]
    fn ten_faults_are_shown_and_the_others_counted() {
        let inputs = json!([
            input("age", "FP64", &[25], json!(vec![-1; 25])),
            input("smoker", "BOOL", &[25], json!(vec![true; 25])),
        ]);
        assert!(read(inputs).unwrap_err().ends_with("; and 15 more"));
    }
}
