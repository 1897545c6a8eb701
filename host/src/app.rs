//! An application that is ready to serve.

use crate::budget::Budget;
use crate::guest::{self, Component, Grants};
use crate::headers::RouteHeaders;
use crate::key_value::Store;
use crate::limits::{Limits, cores};
use crate::load::{self, Loader, Sources};
use crate::log::Log;
use crate::manifest::{self, HttpTrigger, Manifest, Route, StaticResponse};
use crate::routes::Router;
use crate::runtime_config::RuntimeConfig;
use crate::variables::{self, Overrides, Values};
use anyhow::{Context, Result, anyhow, bail, ensure};
use http::{HeaderName, HeaderValue, Response};
use serde::Serialize;
use std::collections::HashMap;
use std::mem;
use std::path::PathBuf;
use std::sync::Arc;
use wasmtime::Engine;
use wasmtime::component::Linker;
use wasmtime_wasi_http::p2::bindings::ProxyPre;

/// The operator's settings for an application. [`Settings::default`] gives no variables, the store
/// `default`, the default limits, and a log on standard error.
#[derive(Clone)]
pub struct Settings {
    /// The key-value stores.
    pub runtime_config: RuntimeConfig,
    /// Values of application variables, by name.
    pub variables: Overrides,
    /// The limits of requests.
    pub limits: Limits,
    /// The sink of log lines.
    pub log: Log,
    /// True to log the number of WebAssembly instructions of each guest. The number is the same on
    /// every machine. Counting makes guests slower.
    pub count_instructions: bool,
    /// Files of the manifest that are here, and not on the disk, by their paths in the manifest.
    pub files: HashMap<PathBuf, Vec<u8>>,
    /// The folder for compiled code. If `None`, it is `model-api-host` in the user's cache folder.
    pub cache: Option<PathBuf>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            runtime_config: RuntimeConfig::default(),
            variables: Overrides::new(),
            limits: Limits::default(),
            log: Log::stderr(),
            count_instructions: false,
            files: HashMap::new(),
            cache: None,
        }
    }
}

/// An application with compiled components. Clones share the application and its stores.
#[derive(Clone)]
pub struct App(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub engine: Engine,
    pub router: Router<Target>,
    pub limits: Limits,
    pub log: Log,
    /// The memory of all guests.
    pub memory: Arc<Budget>,
    /// True if each request is logged: the application's variable `log_requests`.
    pub log_requests: bool,
    /// The application's name and version as JSON, in Spin's format.
    pub info: String,
    routes: Vec<(String, String)>,
}

/// The variable for logging each request. The service logs its requests, and the host logs the
/// requests that it answers itself.
const LOG_REQUESTS: &str = "log_requests";

/// The target of a route.
pub(crate) enum Target {
    Guest { headers: RouteHeaders, component: Arc<Component> },
    Static(Response<String>),
}

impl App {
    /// Loads the application of `manifest`. Build its components first.
    ///
    /// # Errors
    ///
    /// If a variable has no value, a store does not exist, or a route is invalid. If a component is
    /// missing or invalid, or needs something this host does not have.
    pub fn load(manifest: &Manifest, settings: Settings) -> Result<Self> {
        // Load the components by their routes.
        let loading = Loading::new(manifest, settings)?;
        let router = loading.router()?;
        loading.loader.prune();
        // Keep the parts needed for requests.
        let Loading { engine, settings, variables, memory, .. } = loading;
        let Settings { limits, log, .. } = settings;
        let log_requests = variables.get(LOG_REQUESTS);
        let log_requests =
            log_requests.is_some_and(|value| matches!(value.trim(), "true" | "audit"));
        let info = info(&manifest.schema.application);
        let routes = manifest.schema.trigger.http.iter().filter_map(described).collect();
        Ok(Self(Arc::new(Inner {
            engine,
            router,
            limits,
            log,
            memory,
            log_requests,
            info,
            routes,
        })))
    }

    /// Returns the public routes in the manifest's order: each path, and the id of its component or
    /// `a static response`.
    pub fn routes(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.routes.iter().map(|(route, target)| (route.as_str(), target.as_str()))
    }
}

/// Returns the JSON for `/.well-known/spin/info`.
fn info(application: &manifest::Application) -> String {
    #[derive(Serialize)]
    struct Info<'a> {
        name: &'a str,
        #[serde(skip_serializing_if = "str::is_empty")]
        version: &'a str,
    }
    let info = Info { name: &application.name, version: &application.version };
    serde_json::to_string_pretty(&info).expect("our own types become JSON")
}

/// Returns the path of a public trigger, and the id of its component or `a static response`. `None`
/// if the trigger is private.
fn described(trigger: &HttpTrigger) -> Option<(String, String)> {
    let Route::Path(route) = &trigger.route else {
        return None;
    };
    let target = trigger.component.as_deref().unwrap_or("a static response");
    Some((route.clone(), target.to_owned()))
}

/// The prefixes of the interfaces provided by a host.
const PLATFORM: [&str; 3] = ["wasi:", "fermyon:", "spin:"];

const WASM_PAGE_BYTES: u64 = 65_536;

struct Loading<'a> {
    manifest: &'a Manifest,
    settings: Settings,
    engine: Engine,
    linker: Linker<guest::Guest>,
    loader: Loader,
    stores: HashMap<String, Arc<Store>>,
    variables: Values,
    /// The memory of all guests.
    memory: Arc<Budget>,
}

impl<'a> Loading<'a> {
    fn new(manifest: &'a Manifest, mut settings: Settings) -> Result<Self> {
        let variables = variables::application(&manifest.schema, &settings.variables)?;
        let labels = settings.runtime_config.labels();
        let stores = labels.map(|label| (label.to_owned(), Arc::default())).collect();
        let engine = load::engine(&settings.limits, settings.count_instructions, &settings.log)?;
        let files = Sources { base: manifest.base.clone(), here: mem::take(&mut settings.files) };
        let cache = settings.cache.clone();
        Ok(Self {
            linker: guest::linker(&engine)?,
            loader: Loader::new(engine.clone(), files, cache, &settings.log),
            manifest,
            memory: Budget::new(settings.limits.all_memory_bytes),
            settings,
            engine,
            stores,
            variables,
        })
    }

    fn router(&self) -> Result<Router<Target>> {
        let mut components = HashMap::new();
        let mut targets = Vec::new();
        for trigger in &self.manifest.schema.trigger.http {
            if let Route::Path(route) = &trigger.route {
                let target = self.target(route, trigger, &mut components);
                targets.push((route.clone(), target?));
            }
        }
        Router::new(targets)
    }

    fn target<'t>(
        &self,
        route: &str,
        trigger: &'t HttpTrigger,
        loaded: &mut HashMap<&'t str, Arc<Component>>,
    ) -> Result<Target> {
        if let Some(response) = &trigger.static_response {
            let response = static_response(response);
            return response.map(Target::Static).with_context(|| format!("route `{route}`"));
        }
        let id = trigger.component.as_deref().context("a route without a component")?;
        let component = match loaded.get(id) {
            Some(component) => component.clone(),
            None => Arc::new(self.component(id).with_context(|| format!("component `{id}`"))?),
        };
        loaded.insert(id, component.clone());
        let headers = RouteHeaders::new(route).with_context(|| format!("route `{route}`"))?;
        Ok(Target::Guest { headers, component })
    }

    fn component(&self, id: &str) -> Result<Component> {
        let component = &self.manifest.schema.component[id];
        let grants = Arc::new(self.grants(id, component)?);
        let code = self.loader.load(component)?;
        self.warn_of_little_memory(id, &code);
        let pre = self
            .linker
            .instantiate_pre(&code)
            .map_err(|error| anyhow!("{error:#}; {}", self.remedy(id, &code)))?;
        let pre = ProxyPre::new(pre)
            .map_err(|error| anyhow!("it does not handle HTTP requests: {error:#}"))?;
        let (limits, memory) = (self.settings.limits.clone(), self.memory.clone());
        let count_instructions = self.settings.count_instructions;
        Ok(Component { pre, grants, limits, memory, count_instructions })
    }

    /// Returns the remedy for a missing import. An interface of the platform needs Spin; any other
    /// needs a dependency.
    fn remedy(&self, id: &str, code: &wasmtime::component::Component) -> String {
        let ty = code.component_type();
        let is_platforms = |name: &str| PLATFORM.iter().any(|package| name.starts_with(package));
        // A component may import an interface only for its types. It comes before the interface
        // that uses them, so take the last.
        let names = ty.imports(&self.engine).map(|(name, _)| name);
        match names.filter(|name| !is_platforms(name)).last() {
            None => "the embedded host lacks it, use `spin up`".to_owned(),
            Some(name) => format!(
                "name the component that it is from: [component.{id}.dependencies] with \
                 \"{name}\" = {{ path = \"….wasm\" }}"
            ),
        }
    }

    /// Warns if the memory limit is too small for one request on each core. A request without
    /// memory is refused. This should happen under load only, not to the second of two requests.
    fn warn_of_little_memory(&self, id: &str, code: &wasmtime::component::Component) {
        let required = code.resources_required();
        let pages = required.and_then(|required| required.max_initial_memory_size).unwrap_or(0);
        let first = pages * WASM_PAGE_BYTES;
        // Each core has one thread, and each thread handles one request at a time.
        let together = first * cores() as u64;
        if together > self.settings.limits.all_memory_bytes as u64 {
            self.settings.log.line(format_args!(
                "warning: an instance of component `{id}` begins with {first} bytes of memory: set \
                 MODEL_API_ALL_MEMORY_BYTES to {} or more, or requests at the same time are refused",
                2 * together
            ));
        }
    }

    fn grants(&self, id: &str, component: &manifest::Component) -> Result<Grants> {
        let store = |label: &String| match self.stores.get(label) {
            Some(store) => Ok((label.clone(), store.clone())),
            None => bail!(
                "there is no store `{label}`; add [key_value_store.{label}] with type = \"spin\" \
                 to the runtime configuration"
            ),
        };
        let variable = |(name, template): (&String, &String)| {
            let value = variables::expand(template, &self.variables);
            Ok((name.clone(), value.with_context(|| format!("variable `{name}`"))?))
        };
        Ok(Grants {
            component: Arc::from(id),
            stores: component.key_value_stores.iter().map(store).collect::<Result<_>>()?,
            variables: component.variables.iter().map(variable).collect::<Result<_>>()?,
            environment: component.environment.clone().into_iter().collect(),
            log: self.settings.log.clone(),
        })
    }
}

fn static_response(described: &StaticResponse) -> Result<Response<String>> {
    let mut response = Response::new(described.body.clone());
    let status = described.status_code.unwrap_or(200);
    *response.status_mut() = status.try_into().context("`status_code`")?;
    ensure!(status >= 200, "`status_code` must be 200 or more");
    for (name, value) in &described.headers {
        let header = || format!("header `{name}`");
        let name = HeaderName::try_from(name).with_context(header)?;
        let value = HeaderValue::try_from(value).with_context(header)?;
        response.headers_mut().append(name, value);
    }
    Ok(response)
}
