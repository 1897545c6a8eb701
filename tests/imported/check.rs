//! `check` finds in a file what the rules find in the service's counters of the same rows.

use super::outcomes::{LEAVES, people};
use super::tables::{rows_of, with_answers};
use super::{built_runner, export, manifest_with, new_folder};
use crate::support::exposition::Exposition;
use crate::support::http::Request;
use crate::support::root;
use crate::support::server::TestServer;
use anyhow::Result;
use model_api_import::check::drift::{Drift, State};
use model_api_import::check::performance::{Beside, Value};
use model_api_import::check::report::{Report, Verdict};
use model_api_import::check::run;
use model_api_import::files::Files;
use model_api_import::import::{Imported, import};
use serde_json::{Map, Value as Json, json};
use std::path::PathBuf;

/// The difference allowed between two computations of the same number.
const EXACT: f64 = 1e-9;

/// A model with its card, and rows to check.
struct Checked {
    model: PathBuf,
    card: PathBuf,
    rows: PathBuf,
}

impl Checked {
    /// Puts a model's file into a folder of its own.
    fn new(test: &str, model: &str, bytes: &[u8]) -> Self {
        let folder = new_folder(test);
        let [model, card, rows] = [model, "card.toml", "rows.csv"].map(|name| folder.join(name));
        std::fs::write(&model, bytes).unwrap();
        Self { model, card, rows }
    }

    /// The example with its card.
    fn heart(test: &str) -> Self {
        let from = root().join("examples/heart-disease");
        let read = |name: &str| std::fs::read(from.join(name)).unwrap();
        let heart = Self::new(test, "heart-disease.onnx", &read("heart-disease.onnx"));
        std::fs::write(&heart.card, read("heart-disease.toml")).unwrap();
        heart
    }

    /// An export with a card that is made of this table.
    fn export(test: &str, name: &str, table: &str, target: &str) -> Self {
        let file = export(name).file;
        let name = file.file_name().unwrap().to_str().unwrap();
        let one = Self::new(test, name, &std::fs::read(&file).unwrap());
        one.import(table, target);
        one
    }

    /// The tree of four leaves, with a card that is made of its people, and subgroups of age and sex.
    fn leaves(test: &str) -> Self {
        let one = Self::new(test, "leaves.txt", LEAVES.as_bytes());
        one.import(&people(["0", "1"]), "ill");
        one.edit("name = \"age\"\n", "name = \"age\"\ngroup = [65]\n");
        one.edit("name = \"male\"\n", "name = \"male\"\ngroup = true\n");
        one.import(&people(["0", "1"]), "ill");
        one
    }

    fn import(&self, table: &str, target: &str) -> Imported {
        std::fs::write(&self.rows, table).unwrap();
        self.import_files(Some(target).filter(|target| !target.is_empty()), true)
    }

    fn import_files(&self, target: Option<&str>, has_data: bool) -> Imported {
        let data = has_data.then_some(self.rows.as_path());
        let (model, card) = (&self.model, &self.card);
        let files = Files { model, card, data, test: None, target, anyway: true };
        import(&files, built_runner(), &mut |_| {}).unwrap_or_else(|error| panic!("{error:#}"))
    }

    fn edit(&self, from: &str, to: &str) {
        let card = std::fs::read_to_string(&self.card).unwrap();
        assert!(card.contains(from), "{from:?} is not in {card}");
        std::fs::write(&self.card, card.replacen(from, to, 1)).unwrap();
    }

    fn try_check(&self, rows: &str, target: Option<&str>) -> Result<Report> {
        std::fs::write(&self.rows, rows).unwrap();
        let (model, card, data) = (&self.model, &self.card, Some(self.rows.as_path()));
        let files = Files { model, card, data, test: None, target, anyway: false };
        run(&files, &mut |_| {})
    }

    /// Checks rows, and the width of the report.
    fn check(&self, rows: &str, target: Option<&str>) -> Report {
        let report = self.try_check(rows, target).unwrap_or_else(|error| panic!("{error:#}"));
        for line in report.lines() {
            assert!(line.chars().count() <= 80 && !line.ends_with(' '), "{line:?}");
        }
        assert!(report.lines().last().unwrap().starts_with("verdict: "), "{report}");
        report
    }

    /// Serves the model with every row in the sample for drift, and with outcomes.
    fn serve(&self) -> TestServer {
        let imported = self.import_files(None, false);
        let defaults = [("drift_sample_interval", "1"), ("outcomes", "true")];
        let folder = self.model.parent().unwrap();
        TestServer::start(&manifest_with(&imported, folder, &defaults), |_| {})
    }

    /// Asks the service for each row, and sends each answer back with its truth.
    fn scraped(&self, rows: &str, target: Option<&str>) -> Exposition {
        let server = self.serve();
        let mut client = server.client();
        for (row, truth) in requests(rows, target) {
            let request = Request::post("/predict", json!({ "patient_data": row }).to_string());
            let response = client.send(&request.header("content-type", "application/json"));
            assert!([200, 422].contains(&response.status), "{}", response.text());
            if let (200, Some(truth)) = (response.status, truth) {
                let mut answer = response.json();
                answer["outcome"] = truth;
                let response = client.send(&Request::post("/outcomes", answer.to_string()));
                assert_eq!(response.status, 200, "{}", response.text());
            }
        }
        let scraped = client.send(&Request::get("/metrics"));
        Exposition::parse(scraped.text())
    }
}

/// The rows of a table as JSON, each with its truth. Numbers in quotes are taken by the service.
fn requests(table: &str, target: Option<&str>) -> Vec<(Map<String, Json>, Option<Json>)> {
    let mut lines = table.lines();
    let names: Vec<&str> = lines.next().unwrap().split(',').collect();
    let value = |cell: &str| match cell {
        "True" | "true" => json!(true),
        "False" | "false" => json!(false),
        _ => cell.parse::<f64>().map_or(json!(cell), |number| json!(number)),
    };
    let row = |line: &str| {
        let cells = names.iter().zip(line.split(',')).filter(|(_, cell)| !cell.is_empty());
        let mut row: Map<String, Json> =
            cells.map(|(name, cell)| ((*name).to_owned(), value(cell))).collect();
        row.remove("prediction");
        let truth = target.and_then(|target| row.remove(target));
        (row, truth)
    };
    lines.map(row).collect()
}

/// The rows that the example was made from.
fn own_rows() -> String {
    let path = root().join("examples/heart-disease/predictions.csv");
    std::fs::read_to_string(path).unwrap()
}

/// The rows of the example as another hospital may have them: more cholesterol, vessels that are not
/// counted, a scan of another name, and people whose sex is not known or who are older than any.
fn other_hospital() -> String {
    let text = own_rows();
    let names: Vec<&str> = text.lines().next().unwrap().split(',').collect();
    let place = |name: &str| names.iter().position(|own| *own == name).unwrap();
    let mut table = format!("{}\n", names.join(","));
    for (row, line) in text.lines().skip(1).enumerate() {
        let mut cells: Vec<String> = line.split(',').map(str::to_owned).collect();
        let cholesterol: f64 = cells[place("cholesterol")].parse().unwrap();
        cells[place("cholesterol")] = (cholesterol + 40.0).to_string();
        for (every, name, value) in
            [(5, "vessels", ""), (7, "thal", "unheard of"), (11, "sex", ""), (13, "age", "95")]
        {
            if row % every == 0 {
                cells[place(name)] = value.to_owned();
            }
        }
        table += &format!("{}\n", cells.join(","));
    }
    table
}

/// The index of the rule: feature:model_feature_psi:1h, and output:model_prediction_psi:1h.
fn index(scraped: &Exposition, [counts, reference]: [&str; 2], labels: &str, drift: &Drift) -> f64 {
    let all = scraped.sum(&format!("{counts}_total"), labels);
    assert!(drift.rows as f64 == all && all > 0.0, "{}: {all}", drift.name);
    let part = |bin: &str| {
        let labels = format!("{{{labels},bin=\"{bin}\"}}");
        let share = scraped.value(&format!("{counts}_total{labels}")) / all;
        let expected = scraped.value(&format!("{reference}{labels}"));
        let (share, expected) = (share.max(0.0001), expected.max(0.0001));
        (share - expected) * (share / expected).ln()
    };
    drift.bins.iter().map(|bin| part(&bin.bin)).sum()
}

fn assert_drift_is_that_of_the_rules(
    checked: &Checked,
    rows: &str,
    target: Option<&str>,
) -> Report {
    let report = checked.check(rows, target);
    let scraped = checked.scraped(rows, target);
    let model = format!("model=\"{}\",version=\"{}\"", report.model, report.version);
    for (drifts, what, families) in [
        (&report.features, "feature", ["model_feature_bin", "model_feature_reference_ratio"]),
        (&report.outputs, "output", ["model_prediction_bin", "model_prediction_reference_ratio"]),
    ] {
        assert!(!drifts.is_empty(), "{report}");
        for drift in drifts {
            let labels = format!("{model},{what}=\"{}\"", drift.name);
            let (expected, found) =
                (index(&scraped, families, &labels, drift), drift.index.unwrap());
            assert!((expected - found).abs() < EXACT, "{}: {found} is {expected}", drift.name);
        }
    }
    for reason in &report.rows.reasons {
        let feature = reason.feature.as_deref().unwrap_or("none");
        let labels = format!("{{feature=\"{feature}\",reason=\"{}\"}}", reason.reason);
        let counted = scraped.value(&format!("model_invalid_inputs_total{labels}"));
        assert_eq!(counted, reason.values as f64, "{labels}");
    }
    for value in report.performance.iter().flat_map(|measured| &measured.values) {
        if let Some(expected) = measure_of_rules(&scraped, value) {
            assert!((expected - value.value).abs() < EXACT, "{value:?} is {expected}");
        }
    }
    report
}

/// The value of the rule measure:model_performance:value7d; none for an AUC.
fn measure_of_rules(scraped: &Exposition, value: &Value) -> Option<f64> {
    let labels = match (&value.feature, &value.group) {
        (Some(feature), Some(group)) => format!("feature=\"{feature}\",group=\"{group}\""),
        _ => String::new(),
    };
    let sum = |family: &str, parts: &[&str]| {
        let name = match (labels.is_empty(), family) {
            (true, "outcomes") => "model_outcomes_total".to_owned(),
            (true, _) => format!("model_outcome_{family}_total"),
            (false, _) => format!("model_group_{family}_total"),
        };
        scraped.sum_of(&name, |series| {
            series.contains(&labels) && parts.iter().all(|part| series.contains(part))
        })
    };
    let class = value.class.as_deref().unwrap_or_default();
    let (answer, truth) = (format!("prediction=\"{class}\""), format!("outcome=\"{class}\""));
    let all = sum("outcomes", &[]);
    Some(match value.measure {
        "accuracy" => sum("outcomes", &["correct=\"true\""]) / all,
        "sensitivity" if sum("outcomes", &[&truth]) > 0.0 => {
            sum("outcomes", &[&truth, "correct=\"true\""]) / sum("outcomes", &[&truth])
        }
        "specificity" => {
            1.0 - sum("outcomes", &[&answer, "correct=\"false\""])
                / (all - sum("outcomes", &[&truth]))
        }
        "brier_score" => sum("squared_error", &[]) / all,
        "mean_absolute_error" => sum("error", &[]) / all,
        _ => return None,
    })
}

#[test]
fn drift_and_performance_are_those_of_the_rules_on_the_same_rows() {
    let heart = Checked::heart("check-heart");
    let report = assert_drift_is_that_of_the_rules(&heart, &other_hospital(), Some("disease"));
    assert_eq!(report.rows.refused, 28, "{report}");
    let state = |name: &str| report.features.iter().find(|drift| drift.name == name).unwrap().state;
    assert_eq!([state("cholesterol"), state("st_slope")], [State::Drifted, State::Stable]);
    let values = &report.performance.as_ref().unwrap().values;
    assert_eq!(values.len(), 30);
    assert!(report.is_found());
}

#[test]
fn several_classes_and_outputs_and_numbers_are_counted_as_by_the_service() {
    // Every number is larger, so that few values are in the bins of the reference.
    let larger = |table: &str, target: &str| -> String {
        let place = table.lines().next().unwrap().split(',').position(|name| name == target);
        let cell = |(column, cell): (usize, &str)| match cell.parse::<f64>() {
            Ok(number) if Some(column) != place => (number * 1.5).to_string(),
            _ => cell.to_owned(),
        };
        let line = |line: &str| line.split(',').enumerate().map(cell).collect::<Vec<_>>().join(",");
        table.lines().map(|own| format!("{}\n", line(own))).collect()
    };
    for (name, target) in [("forest", "kind"), ("linear", "y")] {
        let table = with_answers(name, target);
        let one = Checked::export(&format!("check-{name}"), name, &table, target);
        let report = assert_drift_is_that_of_the_rules(&one, &larger(&table, target), Some(target));
        assert!(report.features.iter().all(|drift| drift.state == State::TooFewRows));
    }
    let rows = rows_of("several-outputs");
    let one = Checked::export("check-several", "several-outputs", &rows, "");
    let report = assert_drift_is_that_of_the_rules(&one, &larger(&rows, ""), None);
    assert!(report.outputs.len() > 1, "{report}");
}

#[test]
fn the_rows_of_the_card_are_as_in_the_card_and_all_comparisons_share_a_bound() {
    let report = Checked::heart("check-own").check(&own_rows(), None);
    assert_eq!((report.verdict, report.rows.unusual.len()), (Verdict::NothingFound, 5), "{report}");
    let values = &report.performance.as_ref().unwrap().values;
    let comparisons = || values.iter().filter_map(|value| value.comparison);
    // A subgroup that is behind in the card is compared with the others by this distance.
    assert!(comparisons().all(|comparison| comparison.loss < 2e-4), "{report}");
    assert!(values.iter().all(Value::is_as_in_card), "{report}");
    for (beside, count) in [(Beside::Card, 4), (Beside::Others, 20)] {
        let bounds = comparisons().filter(|comparison| comparison.beside == beside);
        let bounds: Vec<f64> = bounds.map(|comparison| comparison.bound).collect();
        assert_eq!(bounds, vec![2.0 * (20_000.0 * count as f64).ln(); count]);
    }
}

#[test]
fn the_document_shows_what_is_printed() {
    let text = own_rows();
    let place = text.split(',').position(|name| name == "cholesterol").unwrap();
    let in_other_unit = |(row, line): (usize, &str)| {
        let mut cells: Vec<String> = line.split(',').map(str::to_owned).collect();
        if row > 0 {
            cells[place] = (cells[place].parse::<f64>().unwrap() / 38.67).to_string();
        }
        cells.join(",") + "\n"
    };
    let rows: String = text.lines().enumerate().map(in_other_unit).collect();
    let report = Checked::heart("check-document").check(&rows, None);
    let document = std::fs::read_to_string(root().join("docs/your-own-model.md")).unwrap();
    assert!(document.contains(&format!("```\n{report}\n```\n")), "{report}");
}

/// The tree's people, each four times, with the truth of some of them turned.
fn turned(is_turned: impl Fn(&[&str], usize) -> bool) -> String {
    let (table, mut turned) = (people(["0", "1"]), String::new());
    for (row, line) in table.lines().enumerate() {
        let mut cells: Vec<&str> = line.split(',').collect();
        if row > 0 && is_turned(&cells, row) {
            cells[3] = if cells[3] == "0" { "1" } else { "0" };
        }
        turned += &format!("{}\n", cells.join(",")).repeat(if row == 0 { 1 } else { 4 });
    }
    turned
}

#[test]
fn a_worse_model_is_found_and_one_as_good_as_its_card_is_not() {
    let leaves = Checked::leaves("check-worse");
    let same = leaves.check(&people(["0", "1"]), None);
    assert_eq!((same.verdict, &same.findings[..]), (Verdict::NothingFound, &[][..]), "{same}");
    let worse = leaves.check(&turned(|_, _| true), None);
    assert!(worse.is_found(), "{worse}");
    for found in ["accuracy: 0.5000 worse than in the card", "no better than chance"] {
        assert!(worse.findings.iter().any(|line| line.contains(found)), "{worse}");
    }
}

#[test]
fn a_subgroup_behind_the_others_is_found_though_everyone_is_as_in_the_card() {
    let leaves = Checked::leaves("check-behind");
    // The men's truths are turned, and the women's are as answered.
    let rows = turned(|cells, row| cells[2] == "True" && row % 3 != 0);
    let report = leaves.check(&rows, None);
    let values = &report.performance.as_ref().unwrap().values;
    let men = values
        .iter()
        .find(|value| value.measure == "accuracy" && value.group.as_deref() == Some("true"));
    let comparison = men.unwrap().comparison.unwrap();
    assert_eq!((comparison.beside, comparison.is_worse), (Beside::Others, true), "{report}");
    assert!(report.findings.iter().any(|found| found.contains("than for the others")), "{report}");
}

#[test]
fn no_number_is_of_fewer_than_ten_people() {
    let leaves = Checked::leaves("check-few");
    let report = leaves.check(&people(["0", "1"]), None);
    let values = &report.performance.as_ref().unwrap().values;
    assert!(values.iter().all(|value| value.people >= 10), "{report}");
    // Nine people are 65 and older: what is beside the others would be theirs.
    let young = values.iter().find(|value| value.group.as_deref() == Some("<65")).unwrap();
    assert!(young.comparison.is_none(), "{young:?}");
    let report =
        leaves.check(&people(["0", "1"]).lines().take(9).collect::<Vec<_>>().join("\n"), None);
    assert_eq!(report.verdict, Verdict::NoVerdict);
    assert!(report.performance.as_ref().unwrap().values.is_empty());
    assert!(format!("{report}").contains("8 rows have an answer and a target, and 10 are needed"));
}

#[test]
fn refused_rows_are_counted_by_reason_and_many_of_them_are_found() {
    let leaves = Checked::leaves("check-refused");
    let refused = |count: usize| format!("risk,age,male,ill\n{}", ",50,True,1\n".repeat(count));
    let few = leaves.check(&refused(49), None);
    assert_eq!((few.verdict, few.rows.answered), (Verdict::NoVerdict, 0), "{few}");
    let many = leaves.check(&refused(50), None);
    assert!(many.is_found(), "{many}");
    let reason = &many.rows.reasons[0];
    assert_eq!(
        (reason.feature.as_deref(), reason.reason, reason.values),
        (Some("risk"), "missing", 50)
    );
}

#[test]
fn a_file_is_read_as_people_have_it_and_what_it_lacks_is_said() {
    let leaves = Checked::leaves("check-files");
    let rows = people(["False", "True"]);
    let same = leaves.check(&rows, None);
    assert_eq!(same.agreement[0].same, Some(45), "{same}");
    let semicolons = leaves.check(&rows.replace(',', ";"), None);
    assert_eq!(format!("{semicolons}"), format!("{same}"));
    // An id is no truth, and two columns may both be it.
    let id = leaves.check(&people(["4711", "4712"]), None);
    assert!(id.performance.is_none() && id.agreement.is_empty(), "{id}");
    assert!(format!("{id}").contains("it has none of the model's classes: 0, 1"), "{id}");
    let two = rows.lines().map(|line| format!("{line},7\n")).collect::<String>();
    let two = leaves.check(&two.replacen(",7", ",id", 1), None);
    assert!(format!("{two}").contains("by --target: ill, id"), "{two}");
    // What is asked for and is not there is an error of one line.
    leaves.edit("name = \"male\"\n", "name = \"male\"\n# no reference\n");
    for (rows, target, reason) in [
        (
            people(["4711", "4712"]),
            Some("ill"),
            "column \"ill\" has none of the model's classes: 0, 1",
        ),
        (rows.clone(), Some("sick"), "it has no column \"sick\""),
        ("risk,age,male,ill\n".to_owned(), None, "it has no rows"),
        (rows.replacen("risk", "rusk", 1), None, "it has no column \"risk\""),
        (rows.replacen("\n1", "\nmuch", 1), None, "\"much\" is no number"),
    ] {
        let Err(error) = leaves.try_check(&rows, target) else { panic!("{reason}") };
        let line = format!("{error:#}");
        assert!(
            line.contains(reason) && line.contains("rows.csv: ") && !line.contains('\n'),
            "{line}"
        );
    }
    std::fs::remove_file(&leaves.card).unwrap();
    let Err(error) = leaves.try_check(&rows, None) else { panic!("there is no card") };
    assert!(format!("{error:#}").contains("model-api import"), "{error:#}");
}

#[test]
fn what_the_card_does_not_have_is_said_in_a_line_and_keys_of_json_are_stable() {
    let leaves = Checked::leaves("check-lacks");
    let card = std::fs::read_to_string(&leaves.card).unwrap();
    let (before, _) = card.split_once("[outcome]").unwrap();
    let without: Vec<&str> = before.lines().filter(|line| !line.starts_with("reference")).collect();
    std::fs::write(&leaves.card, without.join("\n")).unwrap();
    let report = leaves.check(&people(["0", "1"]), None);
    let said = format!("{report}");
    assert!(said.contains("without a reference in the card: risk, age, male"), "{said}");
    assert!(said.contains("the card has no performance to compare with"), "{said}");
    let untold = people(["0", "1"]).replace(",0\n", "\n").replace(",1\n", "\n").replace(",ill", "");
    let report = leaves.check(&untold, None);
    let said = format!("{report}");
    assert!(said.contains("no column has the truth"), "{said}");
    assert!(said.ends_with("verdict: none, since the card has nothing to compare with"), "{said}");
    let json = serde_json::to_value(&report).unwrap();
    let keys: Vec<&str> = json.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        keys,
        [
            "model",
            "version",
            "rows",
            "agreement",
            "performance",
            "features",
            "outputs",
            "without_reference",
            "notes",
            "findings",
            "verdict"
        ]
    );
    assert_eq!(json["verdict"], "no_verdict");
}
