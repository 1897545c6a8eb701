//! The data of a guest's store.

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
    /// The stores it may open, by label. Guests refer to them by their place in this list.
    pub stores: Vec<(String, Arc<Store>)>,
    /// The variables it may read.
    pub variables: Values,
    /// Its environment.
    pub environment: Vec<(String, String)>,
    /// The sink of its output.
    pub log: Log,
}

/// One request's guest.
pub struct Guest {
    pub(super) grants: Arc<Grants>,
    pub(super) table: ResourceTable,
    wasi: WasiCtx,
    http: WasiHttpCtx,
    outbound: NoOutboundRequests,
    /// The time at which the request has taken too long.
    pub(super) deadline: Instant,
    /// True once it was at work at a tick of the epoch.
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
    /// A guest with `grants` and `memory`, which must answer before `deadline`.
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

    /// Returns the reason for which the guest was refused memory, if it was.
    pub fn was_refused_memory(&self) -> Option<Refused> {
        self.memory.refused()
    }

    /// Its request is there, and must be answered before `deadline`; false if others have its memory.
    pub fn begin(&mut self, deadline: Instant) -> bool {
        self.deadline = deadline;
        self.is_long = false;
        self.memory.begin()
    }

    /// Ends what it has left open, such as the body of its response, and lets others have its memory.
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

/// Guests can reach nothing: the manifest has refused every host they could be allowed.
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
