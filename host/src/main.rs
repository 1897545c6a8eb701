//! Builds a Spin application and serves it, by means of the library.

mod args;

use args::Options;
use clap::Parser;
use model_api_host::{Log, command};
use std::process::ExitCode;

/// A fast allocator, because a request allocates and frees many small pieces.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let Options { manifest, no_build, serving } = Options::parse();
    match command::build_and_serve(&manifest, no_build, &serving) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            Log::stderr().line(format_args!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}
