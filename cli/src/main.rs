//! `model-api`: serves and scores a model. It carries all it needs, and looks for no folder, no toolchain and
//! no network.
//!
//! | module | subject |
//! |---|---|
//! | `args` | the command line |
//! | `carried` | the components and manifests in this program |
//! | `app` | the application of a model, from these |
//! | `model` | a model's file as a command gets it |
//! | `serve` | `model-api serve` |
//! | `import` | `model-api import` |
//! | `predict` | `model-api predict` |
//! | `check` | `model-api check` |

mod args;

mod carried;

mod app;

mod model;

mod check;
mod import;
mod predict;
mod serve;

use anyhow::Result;
use args::{Command, Options};
use clap::{CommandFactory, Parser};
use model_api_host::Log;
use std::process::ExitCode;

/// The exit code of a mistake in an option or a file. clap has the same.
const MISTAKE: u8 = 2;

/// A fast allocator, because a request allocates and frees many small pieces.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match run(Options::parse().command) {
        Ok(code) => code,
        Err(error) => {
            Log::stderr().line(format_args!("error: {error:#}"));
            ExitCode::from(MISTAKE)
        }
    }
}

fn run(command: Command) -> Result<ExitCode> {
    match command {
        Command::Serve(options) => serve::run(&options).map(|()| ExitCode::SUCCESS),
        Command::Import(options) => import::run(&options).map(|()| ExitCode::SUCCESS),
        Command::Predict(options) => predict::run(&options),
        Command::Check(options) => check::run(&options),
        Command::Completions { shell } => {
            clap_complete::generate(
                shell,
                &mut Options::command(),
                "model-api",
                &mut std::io::stdout(),
            );
            Ok(ExitCode::SUCCESS)
        }
    }
}
