//! Serves an application from the command line, until a signal stops the process.

use crate::{App, Limits, Log, Manifest, RuntimeConfig, Settings, build, server, variables};
use anyhow::{Context, Result};
use clap::Args;
use std::fmt::Write as _;
use std::io::Write as _;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};

/// The options of serving, whatever the application is.
#[derive(Args, Clone, Debug, PartialEq)]
pub struct Serving {
    /// The address to listen on.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:3000", value_parser = address)]
    pub listen: SocketAddr,
    /// The configuration of the key-value stores [default: runtime-config.toml beside the manifest].
    #[arg(long = "runtime-config-file", value_name = "FILE")]
    pub runtime_config: Option<PathBuf>,
    /// The limits.
    #[command(flatten)]
    pub limits: Limits,
}

impl Serving {
    /// Returns the settings of a manifest's application: by these options, and by the variables of the
    /// environment.
    ///
    /// # Errors
    ///
    /// As for [`RuntimeConfig::load`].
    pub fn settings(&self, manifest: &Manifest) -> Result<Settings> {
        let runtime_config = match &self.runtime_config {
            Some(path) => RuntimeConfig::load(path)?,
            None => RuntimeConfig::beside(manifest)?,
        };
        let (variables, limits) = (variables::from_env(), self.limits.clone());
        Ok(Settings {
            runtime_config,
            variables,
            limits,
            log: Log::stderr(),
            ..Settings::default()
        })
    }
}

/// Builds the application of a manifest's file, unless `no_build` is true, and serves it.
///
/// # Errors
///
/// As for [`Manifest::load`], [`build::run`] and [`serve`].
pub fn build_and_serve(manifest: &Path, no_build: bool, serving: &Serving) -> Result<()> {
    // Read the files and bind the address first, to report their errors before the long build.
    let manifest = Manifest::load(manifest)?;
    let settings = serving.settings(&manifest)?;
    let listener = server::listen(serving.listen)?;
    if !no_build {
        build::run(&manifest, &settings.log)?;
    }
    serve(listener, &manifest, settings)
}

/// Reads an address to listen on.
fn address(text: &str) -> Result<SocketAddr, String> {
    let port = if text.parse::<u16>().is_ok() { text } else { "3000" };
    text.parse()
        .map_err(|_| format!("it is an address of numbers and a port, such as 127.0.0.1:{port}"))
}

/// Serves an application until a signal stops the process, and prints its URLs.
///
/// # Errors
///
/// As for [`App::load`] and [`server::run`].
pub fn serve(listener: TcpListener, manifest: &Manifest, settings: Settings) -> Result<()> {
    let notice = settings.limits.stop_notice;
    let app = App::load(manifest, settings)?;
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
