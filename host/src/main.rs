//! Builds a Spin application and serves it, by means of the library.

mod args;

use anyhow::{Context, Result};
use args::Options;
use clap::Parser;
use model_api_host::{App, Log, Manifest, RuntimeConfig, Settings, build, server, variables};
use std::fmt::Write as _;
use std::io::Write as _;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};

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
    let log = Log::stderr();
    let manifest = Manifest::load(&options.manifest)?;
    let runtime_config = match &options.runtime_config {
        Some(path) => RuntimeConfig::load(path)?,
        None => RuntimeConfig::beside(&manifest)?,
    };
    let listener = server::listen(options.listen)?;
    // Build and load the application.
    if !options.no_build {
        build::run(&manifest, &log)?;
    }
    let (variables, limits) = (variables::from_env(), options.limits);
    let notice = limits.stop_notice;
    let settings = Settings { runtime_config, variables, limits, log, ..Settings::default() };
    let app = App::load(&manifest, settings)?;
    // Serve the application until a signal stops the process.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let _context = runtime.enter();
    let stop = stop_signal(notice)?;
    print_routes(&app, listener.local_addr()?);
    runtime.block_on(server::run(listener, app, stop)).context("cannot serve")
}

/// Returns a future of the stop signal. Its value is the time to continue serving: `notice` for
/// SIGTERM, because the gateways of Kubernetes learn of the stop a moment later, and zero for
/// Ctrl-C.
fn stop_signal(notice: Duration) -> Result<impl Future<Output = Duration>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => notice,
            _ = interrupt.recv() => Duration::ZERO,
        }
    })
}

/// Prints the URLs to open. A wildcard route is shown without its wildcard.
fn print_routes(app: &App, address: SocketAddr) {
    let mut text = format!("Serving http://{address}\n");
    let routes = app.routes().map(|(route, target)| (route.trim_end_matches("..."), target));
    for (route, target) in routes {
        let _ = writeln!(text, "  http://{address}{route}  {target}");
    }
    show(&text);
}

/// Prints to standard output. Errors are ignored: nobody reads a closed output.
fn show(text: &str) {
    let _ = std::io::stdout().write_all(text.as_bytes());
}
