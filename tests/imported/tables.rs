//! Tables as people have them: each is taken at the first try, or refused in one line with what to do.

use super::{built_runner, export, manifest_of, new_folder};
use crate::support::http::Request;
use crate::support::server::TestServer;
use anyhow::Result;
use model_api_import::files::Files;
use model_api_import::import::{Imported, import};
use predictor_contract::{Kind, MissingPolicy, NumberRange};
use serde_json::json;
use std::path::{Path, PathBuf};

/// A model beside a table, in a folder of their own.
pub struct Try {
    pub model: PathBuf,
    card: PathBuf,
    data: PathBuf,
    /// A table of held-out rows, if there is one.
    pub test: Option<PathBuf>,
    pub said: Vec<String>,
}

impl Try {
    /// Puts an export beside a table of this text.
    pub fn new(test: &str, name: &str, table: &str) -> Self {
        let (folder, export) = (new_folder(test), export(name));
        let model = folder.join(export.file.file_name().unwrap());
        std::fs::copy(&export.file, &model).unwrap();
        let (card, data) = (folder.join("card.toml"), folder.join("rows.csv"));
        std::fs::write(&data, table).unwrap();
        Self { model, card, data, test: None, said: Vec::new() }
    }

    /// Puts an export beside the rows that its answers are for.
    pub fn with_rows(test: &str, name: &str) -> Self {
        Self::new(test, name, &rows_of(name))
    }

    pub fn import(&mut self) -> Result<Imported> {
        self.import_with(None, false)
    }

    pub fn import_with(&mut self, target: Option<&str>, anyway: bool) -> Result<Imported> {
        let (model, card, data) = (&self.model, &self.card, Some(self.data.as_path()));
        let files = Files { model, card, data, test: self.test.as_deref(), target, anyway };
        import(&files, built_runner(), &mut |line| self.said.push(line))
    }

    /// Imports, and returns the line with the reason why not.
    pub fn refusal(&mut self, target: Option<&str>) -> String {
        let Err(error) = self.import_with(target, false) else { panic!("{:?}", self.said) };
        let line = format!("{error:#}");
        assert!(!line.contains('\n'), "{line}");
        line
    }

    /// Imports the card without its data, and returns the line with the reason why not.
    pub fn refusal_of_card(&self) -> String {
        let (model, card) = (&self.model, &self.card);
        let files = Files { model, card, data: None, test: None, target: None, anyway: false };
        let Err(error) = import(&files, built_runner(), &mut |_| {}) else {
            panic!("{}", self.card())
        };
        let line = format!("{error:#}");
        assert!(!line.contains('\n'), "{line}");
        line
    }

    /// Writes a table in the place of the first one.
    pub fn set_table(&self, table: &str) {
        std::fs::write(&self.data, table).unwrap();
    }

    /// Replaces a text in the card.
    pub fn edit(&self, from: &str, to: &str) {
        let card = self.card();
        assert!(card.contains(from), "{from:?} is not in {card}");
        std::fs::write(&self.card, card.replacen(from, to, 1)).unwrap();
    }

    pub fn card(&self) -> String {
        std::fs::read_to_string(&self.card).unwrap()
    }

    pub fn says(&self, part: &str) {
        assert!(
            self.said.iter().any(|line| line.contains(part)),
            "{part:?} is not in {:#?}",
            self.said
        );
    }

    fn serve(&self, imported: &Imported) -> TestServer {
        TestServer::start(&manifest_of(imported, self.model.parent().unwrap()), |_| {})
    }
}

/// The rows of an export, as CSV.
pub fn rows_of(name: &str) -> String {
    std::fs::read_to_string(export(name).rows).unwrap()
}

/// The table with one more column at its end, of what its library answers.
pub fn with_answers(name: &str, header: &str) -> String {
    let (rows, export) = (rows_of(name), export(name));
    let answers = export.answers.iter().map(|answer| answer[0].as_str());
    let cells = [header].into_iter().chain(answers);
    rows.lines().zip(cells).map(|(line, cell)| format!("{line},{cell}\n")).collect()
}

/// The numbers of a list of TOML.
pub fn numbers<'v>(values: impl IntoIterator<Item = &'v toml_edit::Value>) -> Vec<f64> {
    let number = |value: &toml_edit::Value| {
        value.as_float().or(value.as_integer().map(|number| number as f64)).unwrap()
    };
    values.into_iter().map(number).collect()
}

fn post(server: &TestServer, body: &serde_json::Value) -> (u16, serde_json::Value) {
    let request = Request::post("/predict", body.to_string());
    let response = server.send(&request.header("content-type", "application/json"));
    (response.status, response.json())
}

#[test]
fn a_feature_is_required_unless_training_had_missing_values() {
    // The file of XGBoost does not say it; the data does.
    let mut first = Try::new("required", "xgb-binary", &rows_of("forest"));
    let imported = first.import().unwrap();
    let policies = imported.described.signature.features.iter().map(|feature| feature.missing);
    assert!(policies.clone().all(|policy| policy == MissingPolicy::Refuse));
    first.says("missing values are refused, since the data has none");
    let server = first.serve(&imported);
    for row in [json!({}), json!({"A": 1, "B": 1, "C": 1, "D": 1, "E": 1, "F": 1})] {
        let (status, answer) = post(&server, &json!({ "patient_data": row }));
        assert_eq!((status, answer["detail"].as_array().unwrap().len()), (422, 6), "{answer}");
    }
    let mut second = Try::with_rows("handled", "xgb-binary");
    let imported = second.import().unwrap();
    let policies = imported.described.signature.features.iter().map(|feature| feature.missing);
    assert!(policies.clone().all(|policy| policy == MissingPolicy::Handle));
    // LightGBM's file says it.
    let mut third = Try::new("said", "lgb-binary", &rows_of("forest"));
    let imported = third.import().unwrap();
    assert_eq!(imported.described.signature.features[0].missing, MissingPolicy::Handle);
}

#[test]
fn unknown_keys_beside_missing_features_are_warned_of_with_both_names() {
    let mut one = Try::with_rows("renamed", "xgb-binary");
    let imported = one.import().unwrap();
    let server = one.serve(&imported);
    let (status, answer) = post(&server, &json!({ "patient_data": {"a": 1, "B": 2, "c": 3} }));
    assert_eq!(status, 200, "{answer}");
    let warning = &answer["warnings"][0];
    assert_eq!(warning["loc"], json!(["body", "patient_data"]), "{answer}");
    let message = warning["msg"].as_str().unwrap();
    assert!(message.contains("'B'") && message.contains("'b', 'd', 'e' and 'f'"), "{message}");
    // Either alone is no reason for a warning.
    for row in
        [json!({"a": 1, "c": 3}), json!({"a": 1, "b": 1, "c": 1, "d": 1, "e": 1, "f": 1, "g": 1})]
    {
        let (_, answer) = post(&server, &json!({ "patient_data": row }));
        assert_eq!(answer.get("warnings"), None, "{answer}");
    }
}

#[test]
fn nothing_of_a_single_row_is_in_the_card() {
    let mut one = Try::with_rows("private", "forest");
    one.import().unwrap();
    let rows = rows_of("forest");
    let cells: Vec<Vec<f64>> = rows
        .lines()
        .skip(1)
        .map(|line| line.split(',').map(|cell| cell.parse().unwrap()).collect())
        .collect();
    let card: toml_edit::DocumentMut = one.card().parse().unwrap();
    for (column, feature) in card["feature"].as_array_of_tables().unwrap().iter().enumerate() {
        for bound in numbers(feature["range"].as_array().unwrap()) {
            let same = cells.iter().filter(|row| row[column] == bound).count();
            assert!(
                bound == 0.0 || !(1..10).contains(&same),
                "{bound} is the value of {same} rows"
            );
        }
    }
    for example in card["example"].as_array_of_tables().unwrap() {
        let row = numbers(example["row"].as_inline_table().unwrap().iter().map(|(_, value)| value));
        assert!(!cells.contains(&row), "{row:?} is a row of the data");
    }
}

#[test]
fn an_index_column_is_refused() {
    let rows = rows_of("forest");
    for header in ["", "Unnamed: 0"] {
        let mut lines = rows.lines();
        let mut table = format!("{header},{}\n", lines.next().unwrap());
        lines.enumerate().for_each(|(index, line)| table += &format!("{index},{line}\n"));
        let reason = Try::new("index", "forest", &table).refusal(None);
        assert!(
            reason.contains("its column 1 has no name") && reason.contains("index=False"),
            "{reason}"
        );
    }
}

#[test]
fn a_target_that_is_not_clear_is_asked_for_and_then_taken() {
    let mut one = Try::new("target", "forest", &with_answers("forest", "diagnosis"));
    let reason = one.refusal(None);
    assert!(
        reason.ends_with("name the one that the model predicts: --target diagnosis"),
        "{reason}"
    );
    one.import_with(Some("diagnosis"), false).unwrap();
    one.says("50 of 50 labels are those of the target \"diagnosis\"");
}

#[test]
fn columns_in_another_order_agree_no_better_than_chance_and_are_refused() {
    // The target comes first, and the features are one column to the right.
    let table: String = with_answers("forest", "f")
        .lines()
        .enumerate()
        .map(|(row, line)| {
            let (features, target) = line.rsplit_once(',').unwrap();
            if row == 0 {
                "y,b,c,d,e,f,a\n".to_owned()
            } else {
                let (first, rest) = features.split_once(',').unwrap();
                format!("{target},{rest},{first}\n")
            }
        })
        .collect();
    let shifted = table.replacen("y,b,c,d,e,f,a", "y,x1,x2,x3,x4,x5,x6", 1);
    let mut one = Try::new("shifted", "forest", &shifted);
    let reason = one.refusal(Some("y"));
    assert!(reason.contains("no better than chance") && reason.contains("--anyway"), "{reason}");
    one.import_with(Some("y"), true).unwrap();
    // A number far from the target, but in step with it, is no chance.
    let scaled: String = with_answers("linear", "y")
        .lines()
        .map(|line| {
            let (features, target) = line.rsplit_once(',').unwrap();
            let target =
                target.parse().map_or(target.to_owned(), |y: f64| (y * 1000.0).to_string());
            format!("{features},{target}\n")
        })
        .collect();
    Try::new("scaled", "linear", &scaled).import_with(Some("y"), false).unwrap();
}

#[test]
fn a_texts_of_the_file_goes_before_words_for_missing_values() {
    let mut one = Try::with_rows("texts", "texts-missing");
    let imported = one.import().unwrap();
    let site = &imported.described.signature.features[2];
    let Kind::Category(names) = &site.kind else { panic!("{:?}", site.kind) };
    assert_eq!(names, &[" north", "NA", "south"]);
    // A missing value is a category of the model's own, and none that is offered.
    assert_eq!(site.missing, MissingPolicy::Handle);
    let server = one.serve(&imported);
    let row = |site| json!({ "patient_data": {"age": 60, "grade": "2", "site": site} });
    let (_, missing) = post(&server, &json!({ "patient_data": {"age": 60, "grade": "2"} }));
    let (_, empty) = post(&server, &row(serde_json::Value::Null));
    let (_, named) = post(&server, &row("NA".into()));
    assert_eq!(missing["confidence"], empty["confidence"]);
    assert_ne!(missing["confidence"], named["confidence"]);
}

#[test]
fn a_category_that_its_encoder_refuses_is_refused() {
    let mut one = Try::with_rows("strict", "texts-strict");
    let imported = one.import().unwrap();
    let server = one.serve(&imported);
    let body = json!({ "patient_data": {"age": 60, "grade": "9", "site": "south"} });
    let (status, answer) = post(&server, &body);
    assert_eq!((status, &answer["detail"][0]["loc"][2]), (422, &json!("grade")), "{answer}");
}

#[test]
fn a_number_that_stands_for_a_missing_value_is_one() {
    let mut one = Try::with_rows("stands", "xgb-binary");
    one.import().unwrap();
    let card = one.card().replacen(
        "missing = \"handle\"",
        "missing = \"handle\"\nmissing_values = [-999]",
        1,
    );
    std::fs::write(&one.card, card).unwrap();
    let imported = one.import().unwrap();
    let server = one.serve(&imported);
    let row = |a| json!({ "patient_data": {"a": a, "b": 1, "c": 1, "d": 1, "e": 1, "f": 1} });
    let (_, number) = post(&server, &row(json!(-999)));
    let (_, null) = post(&server, &row(json!(null)));
    assert_eq!(number, null);
    assert_eq!(number.get("warnings"), None);
    // Where the model takes no missing value, it takes none of these.
    let card = one.card().replacen("missing = \"handle\"", "missing = \"refuse\"", 1);
    std::fs::write(&one.card, card).unwrap();
    let imported = one.import().unwrap();
    let server = one.serve(&imported);
    assert_eq!(post(&server, &row(json!(-999))).0, 422);
}

#[test]
fn names_that_an_exporter_changed_are_the_datas_names() {
    let mut one = Try::with_rows("units", "names-with-units");
    let imported = one.import().unwrap();
    let names: Vec<&str> =
        imported.described.signature.features.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["sepal length (cm)", "1st visit", "größe", "a+b"]);
    assert!(one.card().contains("input = \"sepal_length__cm_\""), "{}", one.card());
    // The card may rename them, in any order.
    let card = one.card().replace("name = \"sepal length (cm)\"", "name = \"sepal\"");
    std::fs::write(&one.card, card.replace("\"sepal length (cm)\" =", "sepal =")).unwrap();
    let imported = one.import().unwrap();
    assert_eq!(imported.described.signature.features[0].name, "sepal");
    let table = rows_of("names-with-units").replacen("a+b", "sepal-length (cm)", 1);
    let reason = Try::new("twins", "names-with-units", &table).refusal(None);
    assert!(
        reason.contains("\"sepal length (cm)\" and of column \"sepal-length (cm)\""),
        "{reason}"
    );
}

#[test]
fn columns_without_names_in_lightgbms_file_are_those_of_the_data_in_order() {
    let text = std::fs::read_to_string(export("lgb-binary").file).unwrap();
    let mut one = Try::with_rows("unnamed", "lgb-binary");
    let names: Vec<String> = (0..6).map(|column| format!("Column_{column}")).collect();
    let named = text.replacen(
        "feature_names=a b c d e f",
        &format!("feature_names={}", names.join(" ")),
        1,
    );
    assert_ne!(named, text);
    std::fs::write(&one.model, named).unwrap();
    let imported = one.import().unwrap();
    assert_eq!(imported.described.signature.features[1].name, "b");
}

#[test]
fn a_card_that_was_there_first_is_completed_from_the_data() {
    let mut one = Try::with_rows("completed", "forest");
    let data = std::mem::replace(&mut one.data, PathBuf::new());
    let files = |data| Files {
        model: &one.model,
        card: &one.card,
        data,
        test: None,
        target: None,
        anyway: false,
    };
    import(&files(None), built_runner(), &mut |_| {}).unwrap();
    let card =
        one.card().replace("name = \"x0\"", "name = \"a\" # a person's\nrange = [-100, 100]");
    let card = ["b", "c", "d", "e", "f"].iter().zip(1..).fold(card, |card, (name, place)| {
        card.replace(&format!("name = \"x{place}\""), &format!("name = \"{name}\""))
    });
    let card = ["a", "b", "c", "d", "e", "f"].iter().zip(0..).fold(card, |card, (name, place)| {
        card.replace(&format!("x{place} ="), &format!("{name} ="))
    });
    std::fs::write(&one.card, card).unwrap();
    let mut said = Vec::new();
    import(&files(Some(&data)), built_runner(), &mut |line| said.push(line)).unwrap();
    let completed = "completed from the data: range (5), reference (6), explanation, reference of \
        answers";
    assert!(said.iter().any(|line| line.ends_with(completed)), "{said:#?}");
    assert!(
        one.card().contains("name = \"a\" # a person's\nrange = [-100, 100]"),
        "{}",
        one.card()
    );
    // There is nothing left to complete.
    let before = one.card();
    import(&files(Some(&data)), built_runner(), &mut |_| {}).unwrap();
    assert_eq!(one.card(), before);
}

#[test]
fn classes_without_names_are_named_by_the_target() {
    let (text, mut lines) = (rows_of("lgb-binary"), export("lgb-binary").answers.into_iter());
    let table: String = text
        .lines()
        .enumerate()
        .map(|(row, line)| match row {
            0 => format!("{line},diagnosis\n"),
            _ => format!(
                "{line},{}\n",
                if lines.next().unwrap()[0] == "1" { "sick" } else { "healthy" }
            ),
        })
        .collect();
    let mut one = Try::new("named", "lgb-binary", &table);
    one.import().unwrap();
    one.says("50 of 50 labels are those of the target \"diagnosis\"");
    assert!(one.card().contains("classes = [\"healthy\", \"sick\"]"), "{}", one.card());
    // Labels of pandas' flags are those of numbers.
    let flags = table.replace("sick", "True").replace("healthy", "False");
    let mut one = Try::new("flags", "lgb-binary", &flags);
    one.import().unwrap();
    one.says("50 of 50 labels are those of the target \"diagnosis\"");
}

#[test]
fn labels_that_are_not_in_the_file_are_found_by_asking() {
    for (name, classes) in [("one-class", "[\"-1\", \"1\"]"), ("clusters", "[\"0\", \"1\", \"2\"]")]
    {
        let mut one = Try::with_rows(name, name);
        one.import().unwrap();
        assert!(one.card().contains(&format!("classes = {classes}")), "{}", one.card());
    }
}

#[test]
fn a_model_of_several_labels_answers_each_by_its_name() {
    let mut one = Try::with_rows("labels", "labels-each");
    let imported = one.import().unwrap();
    let server = one.serve(&imported);
    let row = json!({"a": 1, "b": 1, "c": 1, "d": 1, "e": 1, "f": 1});
    let (status, answer) = post(&server, &json!({ "patient_data": row }));
    assert_eq!(status, 200, "{answer}");
    let labels = answer["prediction"].as_object().unwrap();
    assert_eq!(labels.keys().collect::<Vec<_>>(), ["y0", "y1", "y2"]);
    assert!(labels.values().all(|label| label == "yes" || label == "no"), "{answer}");
}

#[test]
fn few_rows_and_values_in_order_have_no_reference_for_drift() {
    let rows = rows_of("forest");
    let few: String = rows.lines().take(21).map(|line| format!("{line}\n")).collect();
    let mut one = Try::new("few", "forest", &few);
    one.import().unwrap();
    one.says("20 rows are too few for a reference of 6 features");
    assert!(!one.card().contains("reference ="), "{}", one.card());
    // An hour for each row.
    let hours: String = rows
        .lines()
        .enumerate()
        .map(|(row, line)| {
            let (rest, _) = line.rsplit_once(',').unwrap();
            if row == 0 { format!("{rest},f\n") } else { format!("{rest},{}\n", row % 24) }
        })
        .collect();
    let mut one = Try::new("hours", "forest", &hours);
    one.import().unwrap();
    one.says("f: no reference for drift, since the rows go through their values in order");
    assert_eq!(one.card().matches("reference = { upper").count(), 5, "{}", one.card());
}

#[test]
fn numbers_that_happen_to_be_whole_may_have_a_fraction() {
    let mut one = Try::with_rows("whole", "forest");
    let imported = one.import().unwrap();
    assert!(
        imported.described.signature.features.iter().all(|feature| {
            matches!(feature.kind, Kind::Number(NumberRange { whole: false, .. }))
        })
    );
    let mut one = Try::with_rows("integers", "whole-numbers");
    let imported = one.import().unwrap();
    assert!(matches!(
        imported.described.signature.features[0].kind,
        Kind::Number(NumberRange { whole: true, .. })
    ));
}

#[test]
fn a_table_in_another_form_is_read_or_named() {
    let rows = rows_of("forest");
    for (form, table) in [
        ("semicolons", rows.replace(',', ";")),
        ("tabs", rows.replace(',', "\t")),
        ("bom", format!("\u{feff}{rows}")),
        ("lines", rows.replace('\n', "\r\n")),
    ] {
        Try::new(form, "forest", &table)
            .import()
            .unwrap_or_else(|error| panic!("{form}: {error:#}"));
    }
    let text = |cell: &str| {
        let (header, rest) = rows.split_once('\n').unwrap();
        let (first, rest) = rest.split_once(',').unwrap();
        assert!(first.parse::<f64>().is_ok());
        format!("{header}\n{cell},{rest}")
    };
    for (table, reason) in [
        (rows.split_once('\n').unwrap().1.to_owned(), "its first line has numbers and no names"),
        (rows.replacen("a,b,", "a,a,", 1), "it has two columns \"a\""),
        (text("\"1,5\""), "line 2, column \"a\": \"1,5\" is no number; write a decimal point"),
        (text("tall"), "line 2, column \"a\": \"tall\" is no number"),
        (text("1,2"), "line 2 has 7 cells, and the header 6"),
        ("PAR1....".to_owned(), "it is Parquet; write it as CSV in Python: pandas.read_parquet"),
        ("PK\u{3}\u{4}".to_owned(), "it is an Excel workbook"),
        ("[{\"a\": 1}]".to_owned(), "it is JSON; write it as CSV in Python: pandas.read_json"),
        (String::new(), "it is empty"),
        ("a,b,c,d,e,f\n".to_owned(), "it has no rows"),
    ] {
        let given = Try::new("forms", "forest", &table).refusal(None);
        assert!(given.contains(reason), "{given} instead of {reason}");
    }
    // What pandas reads as missing is so here.
    let mut one = Try::new("none", "xgb-binary", &text("None"));
    one.import().unwrap();
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut packed, rows.as_bytes()).unwrap();
    let mut one = Try::new("packed", "forest", "");
    std::fs::write(&one.data, packed.finish().unwrap()).unwrap();
    one.import().unwrap();
}

#[test]
fn a_card_or_component_behind_a_link_is_not_written() {
    let mut one = Try::with_rows("links", "forest");
    let elsewhere: &Path = &one.model.parent().unwrap().join("elsewhere");
    std::fs::write(elsewhere, "precious").unwrap();
    // A link to nothing would be written through as well.
    std::os::unix::fs::symlink(elsewhere.with_extension("new"), &one.card).unwrap();
    let reason = one.refusal(None);
    assert!(reason.contains("it is a symbolic link"), "{reason}");
    assert!(!elsewhere.with_extension("new").exists());
}
