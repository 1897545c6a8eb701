//! The command line of `cargo import`.

use model_api_import::args::{Args, Options, parse};
use std::ffi::OsString;

fn import(arguments: &[&str]) -> Options {
    match parse(arguments.iter().map(OsString::from)) {
        Ok(Args::Import(options)) => options,
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_option_is_read() {
    let arguments = [
        "m.onnx",
        "--card",
        "c.toml",
        "--data=d.csv",
        "--target",
        "t",
        "--anyway",
        "-o",
        "m.wasm",
        "-f",
        "s.toml",
    ];
    assert_eq!(
        import(&arguments),
        Options {
            model: "m.onnx".into(),
            card: Some("c.toml".into()),
            data: Some("d.csv".into()),
            target: Some("t".into()),
            anyway: true,
            out: Some("m.wasm".into()),
            manifest: "s.toml".into(),
        }
    );
}

#[test]
fn a_mistake_is_named_with_its_remedy() {
    for (arguments, remedy) in [
        (&["--dta"][..], "see --help"),
        (&[], "cargo import model.onnx"),
        (&["a", "b"], "one model"),
    ] {
        let error = parse(arguments.iter().map(OsString::from)).unwrap_err();
        assert!(format!("{error:#}").contains(remedy), "{error:#}");
    }
}

#[test]
fn help_fits_a_terminal() {
    let Ok(Args::Print(help)) = parse(["--help".into()]) else { panic!("no help") };
    assert!(help.lines().all(|line| line.len() <= 80), "{help}");
}
