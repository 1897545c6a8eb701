//! The answers of imported models are those of the program that the file comes from.

use super::{Export, built_runner, export, exports, import_export, manifest_of, new_folder};
use crate::service::models::assert_imports_nothing;
use crate::support::http::Request;
use crate::support::root;
use crate::support::server::TestServer;
use model_api_import::card::columns::{Columns, Names};
use model_api_import::card::describe::Described;
use model_api_import::card::profile;
use model_api_import::card::table::Table;
use model_api_import::files::Files;
use model_api_import::formats;
use model_api_import::import::import;
use model_api_import::ir::graph::Definition;
use model_api_import::verify::{answers, rows};
use predictor_contract::{Kind, Output, Value};
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeSet;

/// How far a probability may be from that of the library, and a number as a part of the largest one.
const TOLERANCE: f64 = 1e-6;

/// Support vector machines and naive Bayes add many products in `float`, onnxruntime in another order.
const COARSE: f64 = 2e-6;

/// Exports that are refused, with a part of the reason: `skl2onnx` leaves out a part of the model.
const REFUSED: [(&str, &str); 1] = [("after-impute-indicator", "add_indicator=True")];

pub fn is_refused(export: &Export) -> bool {
    REFUSED.iter().any(|(name, _)| *name == export.name)
}

/// The rows of an export, one after the other.
pub fn values(export: &Export, described: &Described) -> Vec<Value> {
    let table = Table::open(&export.rows).unwrap();
    let features = &described.signature.features;
    let names: Vec<Names> = features
        .iter()
        .map(|feature| Names { exact: vec![&feature.name], in_file: &feature.name })
        .collect();
    let columns = Columns::find(&table, &names, true, None).unwrap();
    let mut values = Vec::new();
    let read = table.each_row(&mut |_| {}, |row| {
        for ((feature, reading), column) in
            features.iter().zip(&described.readings).zip(&columns.features)
        {
            let cell = profile::value(&table, reading, &row, *column)?;
            values.push(rows::from_cell(&feature.kind, cell));
        }
        Ok(())
    });
    read.unwrap();
    values
}

/// Any data: floats lose more where a coefficient is large.
const FRESH: f64 = 1e-5;

/// Coefficients of hundreds, as gradient descent without a scaler has them.
const STEEP: f64 = 1e-4;

pub fn tolerance(export: &Export) -> f64 {
    if super::are_fresh() {
        return if export.name.starts_with("sgd") { STEEP } else { FRESH };
    }
    let is_coarse = ["svc", "gaussian-nb"].iter().any(|part| export.name.contains(part));
    if is_coarse { COARSE } else { TOLERANCE }
}

/// The number of rows whose nearest neighbors may be others: of some that are equally far, rounding chooses.
fn ties(export: &Export) -> usize {
    if export.name.contains("knn") { export.answers.len() / 100 } else { 0 }
}

/// The largest difference between an answer and what the library said, numbers as a part of the
/// largest one. Another label is infinitely far. Each label is followed by the probabilities of its classes.
fn distance(export: &Export, answer: &[Output], expected: &[String]) -> f64 {
    let numbers = export.answers.iter().flatten().filter_map(|cell| cell.parse::<f64>().ok());
    let largest = numbers.fold(1.0, |largest: f64, number| largest.max(number.abs()));
    let number = |cell: &String| cell.parse::<f64>().unwrap();
    let (mut worst, mut rest) = (0.0_f64, expected);
    for output in answer {
        let (cell, behind) = rest.split_first().expect("the library said something");
        rest = behind;
        worst = worst.max(match output {
            Output::Quantity(given) => (given - number(cell)).abs() / largest,
            Output::Class(class) => {
                let pairs = class.probabilities.iter().zip(behind);
                rest = &behind[class.probabilities.len()..];
                let label = if class.label == *cell { 0.0 } else { f64::INFINITY };
                pairs.map(|(given, cell)| (given - number(cell)).abs()).fold(label, f64::max)
            }
        });
    }
    worst
}

/// The runner is the same code here and in the component: the tests below ask that.
#[test]
fn every_export_is_answered_as_by_its_library() {
    let folder = new_folder("every");
    let (mut asked, mut wrong) = (0, Vec::new());
    for export in exports().iter().filter(|export| !is_refused(export)) {
        let imported = import_export(export, &folder)
            .unwrap_or_else(|error| panic!("{}: {error:#}", export.name));
        assert_imports_nothing(&imported.component, &export.name);
        let values = values(export, &imported.described);
        let answers = answers::answers(&imported.evaluator, &imported.described, &values);
        assert_eq!(answers.len(), export.answers.len(), "{}", export.name);
        let pairs = answers.iter().zip(&export.answers).enumerate();
        let distances: Vec<f64> = pairs
            .map(|(row, (answer, expected))| {
                let answer = answer.as_ref().unwrap_or_else(|| panic!("{} row {row}", export.name));
                distance(export, answer, expected)
            })
            .collect();
        let worst = distances.iter().copied().fold(0.0, f64::max);
        let rows = distances.iter().filter(|distance| **distance > tolerance(export)).count();
        if rows > ties(export) {
            wrong.push(format!("{}: {rows} rows, {worst:.1e}", export.name));
        }
        // What docs/models.md says comes from here: run the test with --nocapture.
        println!("{}: {:.1e}", export.name, worst);
        asked += 1;
    }
    assert!(asked > 100, "{asked} exports");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn an_export_that_differs_from_its_library_is_refused() {
    for (name, reason) in REFUSED {
        let Err(error) = import_export(&export(name), &new_folder(name)) else {
            panic!("{name} is imported");
        };
        assert!(format!("{error:#}").contains(reason), "{name}: {error:#}");
    }
}

/// What an export has that others may not have: operators, and the types of its inputs and answers.
fn traits(export: &Export) -> BTreeSet<String> {
    let bytes = std::fs::read(&export.file).unwrap();
    let model = formats::read(&export.file, &bytes, None).unwrap();
    let nodes = model.graph.values.iter().filter_map(|definition| match definition {
        Definition::Node(node) => Some(format!("{:?}", node.op)),
        _ => None,
    });
    let inputs = model.graph.inputs.iter().map(|input| format!("{:?} input", input.kind));
    let format = export.file.extension().unwrap().to_string_lossy().into_owned();
    nodes.chain(inputs).chain([format]).collect()
}

/// A few exports that together have all operators and types that any of them has.
fn representatives() -> Vec<Export> {
    let mut seen = BTreeSet::new();
    let mut chosen = Vec::new();
    for export in exports().into_iter().filter(|export| !is_refused(export)) {
        let traits = traits(&export);
        if !traits.is_subset(&seen) {
            seen.extend(traits);
            chosen.push(export);
        }
    }
    chosen
}

#[test]
fn every_operator_answers_through_the_service_as_the_importer_does() {
    let exports = representatives();
    assert!(exports.len() > 15, "{}", exports.len());
    // Two threads: each compiles a component on its own.
    let halves = exports.split_at(exports.len() / 2);
    std::thread::scope(|scope| {
        for half in [halves.0, halves.1] {
            scope.spawn(move || half.iter().for_each(ask_through_the_service));
        }
    });
}

fn ask_through_the_service(export: &Export) {
    let folder = new_folder(&export.name);
    let imported = import_export(export, &folder).unwrap_or_else(|error| panic!("{error:#}"));
    let server = TestServer::start(&manifest_of(&imported, &folder), |settings| {
        settings.cache = Some(folder.join("cache"));
    });
    // Its examples are what it answers in the component, too.
    assert_eq!(server.get("/v2/health/ready").status, 200, "{}", export.name);
    let described = &imported.described;
    let values = values(export, described);
    let rows = values.chunks(described.signature.features.len()).map(|row| object(described, row));
    let body = json!({ "instances": rows.collect::<Vec<Json>>() }).to_string();
    let request = Request::post("/predict", body).header("content-type", "application/json");
    let response = server.send(&request);
    assert_eq!(response.status, 200, "{}: {}", export.name, response.text());
    let response = response.json();
    let predictions = response["predictions"].as_array().unwrap();
    let answers = answers::answers(&imported.evaluator, described, &values);
    assert_eq!(predictions.len(), answers.len());
    for (prediction, answer) in predictions.iter().zip(answers) {
        // As text, since reading it changes the last digit of some numbers.
        let expected = prediction_of(described, &answer.unwrap()).to_string();
        let expected: Json = serde_json::from_str(&expected).unwrap();
        assert_eq!(prediction["prediction"], expected, "{}", export.name);
    }
    std::fs::remove_dir_all(folder).unwrap();
}

fn object(described: &Described, row: &[Value]) -> Json {
    let features = described.signature.features.iter().zip(row);
    let pairs = features.filter_map(|(feature, value)| {
        let value = match value {
            Value::Number(number) => json!(number),
            Value::Text(text) => json!(text),
            Value::Flag(flag) => json!(flag),
            Value::Missing => return None,
        };
        Some((feature.name.clone(), value))
    });
    Json::Object(pairs.collect::<Map<_, _>>())
}

/// What the service says for the answer of a model: the value of its one output, or those of several by name.
fn prediction_of(described: &Described, answer: &[Output]) -> Json {
    let value = |output: &Output| match output {
        Output::Quantity(quantity) => json!(quantity),
        Output::Class(class) => json!(class.label),
    };
    match answer {
        [only] => value(only),
        all => {
            let names = described.description.outputs.iter().map(|notes| notes.name.clone());
            names.zip(all.iter().map(value)).collect()
        }
    }
}

#[test]
fn a_category_that_no_row_had_is_taken_with_a_warning() {
    let export = export("after-columns-onehot");
    let folder = new_folder("unknown-category");
    let imported = import_export(&export, &folder).unwrap();
    let signature = &imported.described.signature;
    assert!(signature.features.iter().any(|feature| matches!(&feature.kind, Kind::Category(names)
        if !names.contains(&"unseen".to_owned()))));
    let server = TestServer::start(&manifest_of(&imported, &folder), |_| {});
    let row = json!({"age": 50, "pressure": 120, "pain": "unseen", "region": "north"});
    let request = Request::post("/predict", json!({ "patient_data": row }).to_string());
    let response = server.send(&request.header("content-type", "application/json"));
    assert_eq!(response.status, 200, "{}", response.text());
    assert!(response.json()["warnings"][0]["loc"][2] == "pain", "{}", response.text());
}

#[test]
fn the_example_answers_as_the_python_that_trained_it() {
    let folder = root().join("examples/heart-disease");
    let [model, card, data] = ["heart-disease.onnx", "heart-disease.toml", "predictions.csv"]
        .map(|name| folder.join(name));
    let files = Files {
        model: &model,
        card: &card,
        data: Some(&data),
        test: None,
        target: None,
        anyway: false,
    };
    let mut said = Vec::new();
    import(&files, built_runner(), &mut |line| said.push(line))
        .unwrap_or_else(|error| panic!("{error:#}"));
    let agreement = "  303 of 303 labels are those of the column \"prediction\"";
    assert!(said.iter().any(|line| line == agreement), "{said:#?}");
}

#[test]
fn xgboosts_json_may_have_nan_where_json_has_no_number() {
    let export = export("xgb-regressor");
    let text = std::fs::read_to_string(&export.file).unwrap();
    let (before, behind) = text.split_once("\"sum_hessian\":[").unwrap();
    let (_, behind) = behind.split_once(',').unwrap();
    let text = format!("{before}\"sum_hessian\":[NaN,{behind}");
    let model = formats::read(&export.file, text.as_bytes(), None);
    assert!(model.is_ok_and(|model| model.features.len() == 6));
}
