//! `cargo import`: makes a component of a trained model. The library does the work.

use clap::Parser;
use model_api_import::args::Options;
use model_api_import::command::{self, CARGO};
use std::process::ExitCode;

fn main() -> ExitCode {
    match command::run(&Options::parse(), CARGO) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
