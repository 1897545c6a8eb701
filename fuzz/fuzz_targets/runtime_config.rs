//! A `runtime-config.toml`: it is refused in one line, or names stores.
#![no_main]

use fuzzed_host::{RuntimeConfig, check_error};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| match RuntimeConfig::parse(text) {
    Ok(config) => assert_eq!(config.labels().next(), Some("default")),
    Err(error) => check_error(&error),
});
