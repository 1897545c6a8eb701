//! The command line.

use anyhow::{Context, Result, bail};
use lexopt::{Arg, Parser};
use model_api_host::VERSION;
use model_api_host::limits::SETTINGS;
use std::ffi::OsString;
use std::fmt::Write;
use std::net::SocketAddr;
use std::path::PathBuf;

/// The command from the command line.
#[derive(Debug, PartialEq)]
pub enum Args {
    /// Serve an application.
    Serve(Options),
    /// Print this text, and nothing else.
    Print(String),
}

/// The options for serving an application.
#[derive(Debug, PartialEq)]
pub struct Options {
    /// The application's manifest.
    pub manifest: PathBuf,
    /// The address to listen on.
    pub listen: SocketAddr,
    /// True to build the application first.
    pub build: bool,
    /// The runtime configuration. If `None`, it is the file beside the manifest, if there is one.
    pub runtime_config: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            manifest: "spin.toml".into(),
            listen: ([127, 0, 0, 1], 3000).into(),
            build: true,
            runtime_config: None,
        }
    }
}

/// Parses the command line. `arguments` do not include the program's name.
///
/// # Errors
///
/// If an argument is unknown, or its value is missing or invalid.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Args> {
    let mut parser = Parser::from_args(arguments);
    let mut options = Options::default();
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Short('f') | Arg::Long("from") => options.manifest = parser.value()?.into(),
            Arg::Long("listen") => options.listen = address(&parser.value()?)?,
            Arg::Long("no-build") => options.build = false,
            Arg::Long("runtime-config-file") => {
                options.runtime_config = Some(parser.value()?.into());
            }
            Arg::Short('h') | Arg::Long("help") => return Ok(Args::Print(help())),
            Arg::Short('V') | Arg::Long("version") => {
                return Ok(Args::Print(format!("model-api-host {VERSION}\n")));
            }
            Arg::Value(value) => {
                bail!("unexpected argument {value:?}; name a manifest with --from");
            }
            unknown => bail!("{}; see --help", unknown.unexpected()),
        }
    }
    Ok(Args::Serve(options))
}

fn address(value: &OsString) -> Result<SocketAddr> {
    let text = value.to_string_lossy();
    text.parse()
        .with_context(|| format!("--listen {text}: give an address and a port: 127.0.0.1:3000"))
}

fn help() -> String {
    let mut text = "\
Builds and serves a Spin application for HTTP.

Usage: model-api-host [OPTIONS]

Options:
  -f, --from <FILE>                 the application's manifest [spin.toml]
      --listen <ADDRESS>            where to listen [127.0.0.1:3000]
      --no-build                    serve what was built before
      --runtime-config-file <FILE>  its key-value stores
                                    [runtime-config.toml beside the manifest]
  -h, --help
  -V, --version

Environment:
  SPIN_VARIABLE_<NAME>             the value of the application variable <name>
"
    .to_owned();
    for setting in SETTINGS {
        let (variable, meaning, default) = (setting.variable, setting.meaning, setting.default);
        let _ = writeln!(text, "  {variable:<31}  {meaning} [{default}]");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(arguments: &[&str]) -> Options {
        match parse(arguments.iter().map(OsString::from)) {
            Ok(Args::Serve(options)) => options,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn without_arguments_spin_toml_is_built_and_served() {
        assert_eq!(options(&[]), Options::default());
    }

    #[test]
    fn only_this_machine_is_listened_to_by_default() {
        assert!(options(&[]).listen.ip().is_loopback());
    }

    #[test]
    fn every_option_is_read() {
        let arguments =
            ["-f", "a/spin.toml", "--listen=[::1]:0", "--no-build", "--runtime-config-file", "r"];
        assert_eq!(
            options(&arguments),
            Options {
                manifest: "a/spin.toml".into(),
                listen: "[::1]:0".parse().unwrap(),
                build: false,
                runtime_config: Some("r".into()),
            }
        );
    }

    #[test]
    fn a_mistake_is_named_with_its_remedy() {
        for (argument, remedy) in [
            ("--listne", "see --help"),
            ("--listen=3000", "127.0.0.1:3000"),
            ("other.toml", "--from"),
        ] {
            let error = parse([OsString::from(argument)]).unwrap_err();
            assert!(format!("{error:#}").contains(remedy), "{error:#}");
        }
    }

    #[test]
    fn help_fits_a_terminal_and_names_every_limit() {
        let help = help();
        assert!(help.lines().all(|line| line.len() <= 80), "{help}");
        assert!(SETTINGS.iter().all(|setting| help.contains(setting.variable)));
    }
}
