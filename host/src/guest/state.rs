//! The data of a guest's wasmtime store.

use super::memory::{Memory, Refused};
use super::output::Output;
use crate::key_value::Store;
use crate::log::Log;
use crate::variables::Values;
use std::sync::Arc;
use std::time::Instant;
use wasmtime::ResourceLimiter;
use wasmtime::component::ResourceTable;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{
    Error as HttpError, RequestOptions, WasiBody, WasiHttpCtx, WasiHttpCtxView, WasiHttpHooks,
    WasiHttpView,
};

/// The grants of a component's manifest.
pub struct Grants {
    /// The component's id, for log lines.
    pub component: Arc<str>,
    /// The key-value stores granted to the component, by label. A guest's handle is an index into
    /// this list.
    pub stores: Vec<(String, Arc<Store>)>,
    /// The variables of the component.
    pub variables: Values,
    /// The component's environment variables.
    pub environment: Vec<(String, String)>,
    /// The log for the component's output.
    pub log: Log,
}

/// The guest of one request.
pub struct Guest {
    pub(super) grants: Arc<Grants>,
    pub(super) table: ResourceTable,
    wasi: WasiCtx,
    http: WasiHttpCtx,
    outbound: NoOutboundRequests,
    /// The time to stop the guest.
    pub(super) deadline: Instant,
    /// True after a tick of the epoch has found the guest at work.
    pub(super) is_long: bool,
    memory: Memory,
}

/// The error of a guest that did not finish before its deadline.
#[derive(Debug)]
pub struct TimedOut;

impl std::fmt::Display for TimedOut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("it took too long")
    }
}

impl std::error::Error for TimedOut {}

impl Guest {
    /// Makes a guest with `grants` and `memory`. It must answer before `deadline`.
    pub fn new(grants: Arc<Grants>, memory: Memory, deadline: Instant) -> Self {
        let output = Output::new(&grants);
        let mut wasi = WasiCtx::builder();
        wasi.stdout(output.clone()).stderr(output);
        if !grants.environment.is_empty() {
            wasi.envs(&grants.environment);
        }
        Self {
            table: ResourceTable::new(),
            wasi: wasi.build(),
            http: WasiHttpCtx::new(),
            outbound: NoOutboundRequests,
            deadline,
            is_long: false,
            memory,
            grants,
        }
    }

    /// Returns the limiter of the guest's memory.
    pub fn memory(&mut self) -> &mut dyn ResourceLimiter {
        &mut self.memory
    }

    /// Returns the reason if the guest was refused memory.
    pub fn was_refused_memory(&self) -> Option<Refused> {
        self.memory.refused()
    }

    /// Starts a request, to be answered before `deadline`. Returns false if other guests have taken
    /// the memory.
    pub fn begin(&mut self, deadline: Instant) -> bool {
        self.deadline = deadline;
        self.is_long = false;
        self.memory.begin()
    }

    /// Frees everything the guest has left open, such as the body of its response, and gives its
    /// memory back to the budget.
    pub fn end(&mut self) {
        self.table = ResourceTable::new();
        self.memory.end();
    }
}

impl WasiView for Guest {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl WasiHttpView for Guest {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { ctx: &mut self.http, table: &mut self.table, hooks: &mut self.outbound }
    }
}

/// Refuses all outbound requests. The manifest cannot allow any host.
struct NoOutboundRequests;

type Sent = wasmtime_wasi_http::Result<(http::Response<WasiBody>, Box<Transmission>)>;
type Transmission = dyn Future<Output = wasmtime_wasi_http::Result<()>> + Send;

impl WasiHttpHooks for NoOutboundRequests {
    fn send_request(
        &mut self,
        _request: http::Request<WasiBody>,
        _options: Option<RequestOptions>,
        _sent: Box<Transmission>,
    ) -> Box<dyn Future<Output = Sent> + Send> {
        Box::new(async { Err(HttpError::HttpRequestDenied) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::{Budget, Room};

    #[test]
    fn a_guest_without_a_request_lets_others_have_its_memory() {
        let budget = Budget::new(100);
        let grants = Grants {
            component: "service".into(),
            stores: Vec::new(),
            variables: Values::default(),
            environment: Vec::new(),
            log: Log::stderr(),
        };
        let memory = Memory::waiting(100, budget.clone());
        let mut guest = Guest::new(Arc::new(grants), memory, Instant::now());
        assert!(guest.memory().memory_growing(0, 60, None).unwrap());
        assert_eq!(budget.taken(), 0);
        assert!(guest.begin(Instant::now()));
        assert_eq!(budget.taken(), 60);
        guest.end();
        assert_eq!(budget.taken(), 0);
        let mut other = Room::new(budget);
        assert!(other.grow(50));
        assert!(!guest.begin(Instant::now()));
    }
}
