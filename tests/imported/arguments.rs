//! The command line of `cargo import`.

use clap::{CommandFactory, Parser};
use model_api_import::args::{Beside, Options};

fn options(arguments: &[&str]) -> Result<Options, String> {
    let arguments = ["cargo import"].iter().chain(arguments);
    Options::try_parse_from(arguments).map_err(|error| error.to_string())
}

#[test]
fn every_option_is_read() {
    let arguments = [
        "m.onnx",
        "--card",
        "c.toml",
        "--data=d.csv",
        "--test=h.csv",
        "--target",
        "t",
        "--anyway",
        "-o",
        "m.wasm",
        "-f",
        "s.toml",
    ];
    assert_eq!(
        options(&arguments).unwrap(),
        Options {
            model: Some("m.onnx".into()),
            beside: Beside {
                card: Some("c.toml".into()),
                data: Some("d.csv".into()),
                test: Some("h.csv".into()),
                target: Some("t".into()),
                anyway: true,
            },
            out: Some("m.wasm".into()),
            manifest: "s.toml".into(),
            list: false,
        }
    );
}

#[test]
fn a_mistake_is_named_with_its_remedy() {
    for (arguments, remedy) in [
        (&["--dta", "d.csv"][..], "'--data'"),
        (&[], "cargo import <MODEL>"),
        (&["a", "b"], "unexpected argument 'b'"),
        (&["a", "--list"], "cannot be used with"),
    ] {
        let error = options(arguments).unwrap_err();
        assert!(error.contains(remedy), "{error}");
    }
}

#[test]
fn help_fits_a_terminal() {
    let help = Options::command().term_width(80).render_long_help().to_string();
    assert!(help.lines().all(|line| line.len() <= 80), "{help}");
}
