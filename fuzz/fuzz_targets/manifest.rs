//! A `spin.toml`: it is refused in one line, or read to its end.
#![no_main]

use anyhow::Result;
use fuzzed_host::headers::RouteHeaders;
use fuzzed_host::manifest::Route;
use fuzzed_host::routes::Router;
use fuzzed_host::variables::{Overrides, application, expand};
use fuzzed_host::{Manifest, check_error};
use libfuzzer_sys::fuzz_target;
use std::path::Path;

fuzz_target!(|text: &str| {
    if let Err(error) = read(text) {
        check_error(&error);
    }
});

fn read(text: &str) -> Result<()> {
    let schema = Manifest::parse(text, Path::new(""))?.schema;
    let values = application(&schema, &Overrides::new())?;
    for template in schema.component.values().flat_map(|component| component.variables.values()) {
        expand(template, &values)?;
    }
    let mut routes = Vec::new();
    for trigger in schema.trigger.http {
        if let Route::Path(path) = trigger.route {
            RouteHeaders::new(&path)?;
            routes.push((path, ()));
        }
    }
    Router::new(routes)?;
    Ok(())
}
