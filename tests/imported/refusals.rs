//! Files, cards and data that are refused, each in a line that says what is wrong and what to do.

use super::{built_runner, export, new_folder};
use crate::support::root;
use clap::Parser;
use model_api_import::args::Options;
use model_api_import::command::{self, CARGO};
use model_api_import::files::Files;
use model_api_import::import::import;
use std::path::{Path, PathBuf};

/// The reason why a model with this card is refused. Without a card, one is written.
fn refusal(model: &Path, card: Option<&str>, data: Option<&Path>, target: Option<&str>) -> String {
    let folder = model.parent().unwrap();
    let card_path = folder.join("card.toml");
    let _ = std::fs::remove_file(&card_path);
    if let Some(card) = card {
        std::fs::write(&card_path, card).unwrap();
    }
    let files = Files { model, card: &card_path, data, test: None, target, anyway: false };
    match import(&files, built_runner(), &mut |_| {}) {
        Ok(_) => panic!("{} is imported", model.display()),
        Err(error) => format!("{error:#}"),
    }
}

/// A file of these bytes in a folder of its own.
fn file(test: &str, name: &str, bytes: &[u8]) -> PathBuf {
    let path = new_folder(test).join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

#[test]
fn a_file_of_another_kind_is_refused_with_what_to_do() {
    for (name, bytes, reason) in [
        ("model.pkl", &b"anything"[..], "skl2onnx.to_onnx(model, X[:1].to_numpy(\"float32\"))"),
        ("model.onnx", b"\x80\x04\x95", "a pickle runs code"),
        ("model.onnx", b"", "it is empty"),
        ("model.onnx", b"<html></html>", "it is a page of HTML or XML"),
        ("model.onnx", b"rubbish", "it is no ONNX file, or is cut off"),
        ("model.bin", b"ccopy_reg\n_reconstructor\np0\n.", "a pickle runs code"),
        ("model.bin", b"\x78\x9c\x01", "a pickle runs code"),
        ("model.cbm", b"CBM1\0\0", "model.save_model(\"model.onnx\", format=\"onnx\")"),
        ("model.h5", b"\x89HDF\r\n", "tf2onnx"),
        ("model.pmml", b"<?xml version=\"1.0\"?><PMML>", "it is XML, such as PMML"),
        ("m.safetensors", b"\x08\0\0\0\0\0\0\0{\"a\":{}}", "torch.onnx.export"),
        ("model.npy", b"\x93NUMPY\x01", "it is an array of NumPy"),
        ("model.gz", b"\x1f\x8b\x08", "gunzip"),
        ("dump.txt", b"booster[0]:\n0:[f0<1] yes=1,no=2\n", "XGBoost's dump"),
        ("dump.json", b"[\n  { \"nodeid\": 0 }]", "XGBoost's dump"),
        ("model.json", b"{\"name\": \"tree\", \"version\": \"v4\"}", "LightGBM's dump_model"),
        ("rows.csv", b"a,b\n1,2\n", "give the table with --data"),
        ("model.pt", b"PK\x03\x04", "export the model as ONNX"),
        ("model.bst", b"binf\0\0", "booster.save_model(\"model.json\")"),
        ("model.json", b"{\"a\": 1}", "it is no model of XGBoost"),
        ("model.txt", b"tree\nversion=v4\n", "it is cut off"),
    ] {
        let model = file("kinds", name, bytes);
        let reason_given = refusal(&model, None, None, None);
        assert!(reason_given.contains(reason), "{reason_given}");
        assert!(!reason_given.contains('\n'), "{reason_given}");
    }
}

#[test]
fn a_small_file_with_many_outputs_is_refused() {
    let booster = std::fs::read_to_string(export("xgb-three").file).unwrap();
    let many = booster.replace(r#""num_class":"3""#, r#""num_class":"1001""#);
    assert_ne!(many, booster);
    let reason = refusal(&file("outputs", "model.json", many.as_bytes()), None, None, None);
    assert!(reason.contains("it has 1001 outputs, and 1000 are read at most"), "{reason}");
}

#[test]
fn a_file_of_200_megabytes_is_refused() {
    let model = file("large", "model.onnx", b"");
    let opened = std::fs::OpenOptions::new().write(true).open(&model).unwrap();
    opened.set_len(200 << 20).unwrap();
    let reason = refusal(&model, None, None, None);
    assert!(reason.contains("it has 200 MB, and 100 are read at most"), "{reason}");
}

#[test]
fn an_operator_that_is_not_supported_is_named_with_its_node() {
    let bytes = std::fs::read(export("torch-sigmoid-classic").file).unwrap();
    let place = bytes.windows(9).position(|part| part == b"\x22\x07Sigmoid").unwrap();
    let changed = [&bytes[..place + 2], b"Sigmuid", &bytes[place + 9..]].concat();
    let model = file("operator", "model.onnx", &changed);
    let reason = refusal(&model, None, None, None);
    assert!(reason.contains("Sigmuid \"/4/Sigmoid\": Sigmuid is not supported"), "{reason}");
}

/// The card that is written for a model, with one text in it replaced.
fn changed_card(name: &str, from: &str, to: &str) -> (PathBuf, String) {
    let export = export(name);
    let folder = new_folder("cards");
    let model = folder.join(export.file.file_name().unwrap());
    std::fs::copy(&export.file, &model).unwrap();
    let card = folder.join("drafted.toml");
    let files = Files {
        model: &model,
        card: &card,
        data: Some(&export.rows),
        test: None,
        target: None,
        anyway: false,
    };
    import(&files, built_runner(), &mut |_| {}).unwrap_or_else(|error| panic!("{error:#}"));
    let text = std::fs::read_to_string(card).unwrap();
    assert!(text.contains(from), "{from:?} is not in {text}");
    (model, text.replacen(from, to, 1))
}

#[test]
fn categories_that_xgboost_has_written_wrongly_are_refused() {
    let text = std::fs::read_to_string(export("xgb-categories").file).unwrap();
    let mut json: serde_json::Value = serde_json::from_str(&text).unwrap();
    let names = &mut json["learner"]["gradient_booster"]["model"]["cats"]["enc"];
    let names = names.as_array_mut().unwrap();
    let column = names.iter_mut().find(|names| names["offsets"][0].is_number()).unwrap();
    // The first byte of a letter such as u with two dots.
    column["values"][0] = serde_json::json!(-61);
    let model = file("letters", "model.json", json.to_string().as_bytes());
    let reason = refusal(&model, None, None, None);
    assert!(reason.contains("letters beyond ASCII; rename the categories"), "{reason}");
}

#[test]
fn a_column_without_any_category_of_the_model_is_refused() {
    let export = export("lgb-categories");
    let rows = std::fs::read_to_string(&export.rows).unwrap();
    let rows = rows.replace(",none,", ",keiner,").replace("typical", "typisch");
    let data = file("spelt-otherwise", "rows.csv", rows.as_bytes());
    let model = data.with_file_name(export.file.file_name().unwrap());
    std::fs::copy(&export.file, &model).unwrap();
    let reason = refusal(&model, None, Some(&data), None);
    assert!(reason.contains("values is a category of the model; are they spelt"), "{reason}");
}

#[test]
fn a_card_that_disagrees_with_its_model_is_refused() {
    for (name, from, to, reason) in [
        ("forest", "name = \"forest\"", "name = \"My Forest\"", "use lower case letters, digits"),
        ("forest", "summary =", "sumary =", "line 5: unknown field `sumary`"),
        ("forest", "[[feature]]\nname = \"f\"", "[[other]]\nname = \"f\"", "unknown field `other`"),
        ("forest", "name = \"b\"", "name = \"a\"", "feature \"a\" is in the card twice"),
        (
            "forest",
            "classes = [\"healthy\", \"sick\"]",
            "classes = [\"a\"]",
            "the model has 2 classes, and the card 1",
        ),
        ("forest", "missing = \"refuse\"", "missing = \"ignore\"", "unknown variant `ignore`"),
        (
            "forest",
            "unit = \"\"",
            "other_units = [{ unit = \"mo\", factor = 0.083 }]",
            "it has other units, and no unit of its own",
        ),
        (
            "forest",
            "unit = \"\"",
            "unit = \"a\"\nwhole = true\nother_units = [{ unit = \"mo\", factor = 0.083 }]",
            "it has whole numbers, and takes no other unit",
        ),
        (
            "forest",
            "unit = \"\"",
            "unit = \"a\"\nother_units = [{ unit = \"mo\", factor = 0 }]",
            "the factor of \"mo\" is no conversion",
        ),
        (
            "forest",
            "[[output]]",
            "[transparency]\nfundng = \"x\"\n\n[[output]]",
            "[transparency] has the attribute \"fundng\"; docs/model-card.md lists all",
        ),
        ("forest", "row = { a =", "row = { z =", "example \"usual values\": \"z\" is no feature"),
        (
            "forest",
            "row = { a =",
            "expected = { prediction = \"neither\" }\nrow = { a =",
            "and the card expects",
        ),
        ("forest", "shares = [0.", "shares = [1.", "the shares of its reference add up to"),
        (
            "forest",
            "description = \"\"\nunit",
            "categories = [\"x\"]\nunit",
            "give the codes of its categories",
        ),
        (
            "several-outputs",
            "[[output]]\nname = \"y1\"\n",
            "[[output]]\nname = \"y2\"\n\n[[output]]\nname = \"y1\"\n",
            "the model has 2 outputs, and the card 3",
        ),
        (
            "after-columns-onehot",
            "categories = [\"atypical\"",
            "categories = [\"odd\"",
            "the model does not know the category \"odd\"; it knows atypical",
        ),
        (
            "xgb-categories",
            "name = \"pain\"",
            "name = \"ache\"",
            "the model has no feature \"ache\"; it has age, pain, site",
        ),
        (
            "whole-numbers",
            "missing = \"refuse\"",
            "missing = \"handle\"",
            "set missing = \"refuse\"",
        ),
    ] {
        let (model, card) = changed_card(name, from, to);
        let given = refusal(&model, Some(&card), None, None);
        assert!(given.contains(reason), "{given} instead of {reason}");
        assert!(given.contains("card.toml"), "{given}");
    }
}

#[test]
fn data_without_the_columns_of_the_model_is_refused() {
    let folder = new_folder("data");
    let data = folder.join("rows.csv");
    std::fs::write(&data, "a,b\n1,2\n").unwrap();
    for (name, target, reason) in [
        ("forest", None, "the model has 6 features, and it has 2 columns beside the target (a, b)"),
        ("forest", Some("outcome"), "it has no column \"outcome\"; it has a, b"),
        ("xgb-categories", None, "it has no column \"age\"; it has a, b"),
    ] {
        let export = export(name);
        let model = folder.join(export.file.file_name().unwrap());
        std::fs::copy(&export.file, &model).unwrap();
        let given = refusal(&model, None, Some(&data), target);
        assert!(given.contains(reason), "{given}");
    }
}

/// Runs `cargo import` with these arguments.
fn run(arguments: &[&str]) -> anyhow::Result<()> {
    command::run(&Options::try_parse_from(["cargo import"].iter().chain(arguments))?, CARGO)
}

#[test]
fn an_import_wires_the_model_into_the_manifest_and_keeps_its_comments() {
    let folder = new_folder("wired");
    let model = folder.join("wooden.onnx");
    std::fs::copy(export("forest").file, &model).unwrap();
    let manifest = folder.join("spin.toml");
    let spin_toml = root().join("spin.toml");
    std::fs::copy(spin_toml, &manifest).unwrap();
    let model = model.display().to_string();
    run(&[&model, "--from", &manifest.display().to_string()]).unwrap();
    let text = std::fs::read_to_string(&manifest).unwrap();
    assert!(text.contains("{ path = \"target/models/wooden.wasm\" }"), "{text}");
    assert!(text.contains(&format!("\"cargo import {model} --out target/models/wooden.wasm\"")));
    assert!(text.contains("# The sandbox: counters, and nothing else."), "{text}");
    assert!(folder.join("target/models/wooden.wasm").exists());
    assert!(folder.join("wooden.toml").exists());
}

#[test]
fn a_component_of_the_same_files_is_not_made_again() {
    let folder = new_folder("fresh");
    let model = folder.join("forest.onnx");
    std::fs::copy(export("forest").file, &model).unwrap();
    let out = folder.join("forest.wasm");
    let arguments = [model.display().to_string(), "--out".to_owned(), out.display().to_string()];
    let arguments = arguments.each_ref().map(String::as_str);
    run(&arguments).unwrap();
    let made = std::fs::metadata(&out).unwrap().modified().unwrap();
    run(&arguments).unwrap();
    assert_eq!(std::fs::metadata(&out).unwrap().modified().unwrap(), made);
    // Another card makes another component.
    let card = folder.join("forest.toml");
    let text = std::fs::read_to_string(&card).unwrap().replace("v1.0.0", "v2.0.0");
    std::fs::write(card, text).unwrap();
    run(&arguments).unwrap();
    assert!(std::fs::metadata(&out).unwrap().modified().unwrap() > made);
}
