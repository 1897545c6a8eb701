//! The command line.

use clap::Parser;
use model_api_host::command::Serving;
use std::path::PathBuf;

/// Builds and serves a Spin application for HTTP.
#[derive(Debug, Parser, PartialEq)]
#[command(version, max_term_width = 80, after_help = VARIABLES)]
pub struct Options {
    /// The application's manifest.
    #[arg(short = 'f', long = "from", value_name = "FILE", default_value = "spin.toml")]
    pub manifest: PathBuf,
    /// Serve the components as they were built before.
    #[arg(long)]
    pub no_build: bool,
    /// How to serve it.
    #[command(flatten)]
    pub serving: Serving,
}

const VARIABLES: &str = "\
The environment variable SPIN_VARIABLE_<NAME> has the value of the application's variable <name>.";

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;
    use model_api_host::Limits;
    use std::time::Duration;

    fn options(arguments: &[&str]) -> Result<Options, String> {
        let arguments = ["model-api-host"].iter().chain(arguments);
        Options::try_parse_from(arguments).map_err(|error| error.to_string())
    }

    #[test]
    fn without_arguments_spin_toml_is_built_and_served_with_the_default_limits() {
        let options = options(&[]).unwrap();
        assert_eq!(options.manifest.to_str(), Some("spin.toml"));
        assert!(!options.no_build);
        assert_eq!(options.serving.limits, Limits::default());
    }

    #[test]
    fn only_this_machine_is_listened_to_by_default() {
        assert!(options(&[]).unwrap().serving.listen.ip().is_loopback());
    }

    #[test]
    fn every_option_is_read() {
        let arguments = [
            "-f",
            "a/spin.toml",
            "--listen=[::1]:0",
            "--no-build",
            "--runtime-config-file",
            "r",
            "--request-timeout=5",
        ];
        assert_eq!(
            options(&arguments).unwrap(),
            Options {
                manifest: "a/spin.toml".into(),
                no_build: true,
                serving: Serving {
                    listen: "[::1]:0".parse().unwrap(),
                    runtime_config: Some("r".into()),
                    limits: Limits { request_timeout: Duration::from_secs(5), ..Limits::default() },
                },
            }
        );
    }

    #[test]
    fn a_mistake_is_named_with_its_remedy() {
        for (argument, remedy) in [
            ("--listne=[::1]:0", "--listen"),
            ("--listen=3000", "--listen <ADDRESS>"),
            ("other.toml", "--help"),
            ("--connections=0", "0 is not in 1.."),
            ("--request-timeout=ten", "--request-timeout"),
        ] {
            let error = options(&[argument]).unwrap_err();
            assert!(error.contains(remedy), "{error}");
        }
    }

    #[test]
    fn help_fits_a_terminal_and_names_every_variable() {
        let mut command = Options::command().term_width(80);
        let help = command.render_help().to_string();
        assert!(help.lines().all(|line| line.chars().count() <= 80), "{help}");
        assert_eq!(help.matches("MODEL_API_").count(), 19, "{help}");
    }
}
