//! Builds a Spin application and serves it, by means of the library.

mod args;

use anyhow::Result;
use args::Options;
use clap::Parser;
use model_api_host::{Log, Manifest, build, command, server};
use std::process::ExitCode;

/// A fast allocator, because a request allocates and frees many small pieces.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match serve(Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            Log::stderr().line(format_args!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn serve(options: Options) -> Result<()> {
    // Read the files and bind the address first, to report their errors before the long build.
    let manifest = Manifest::load(&options.manifest)?;
    let settings = options.serving.settings(&manifest)?;
    let listener = server::listen(options.serving.listen)?;
    if !options.no_build {
        build::run(&manifest, &settings.log)?;
    }
    command::serve(listener, &manifest, settings)
}
