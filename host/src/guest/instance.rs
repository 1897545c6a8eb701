//! Instances of a component. Each is made, waits for its request, answers it, and is given back.

use super::memory::{Memory, Refused};
use super::{Failure, Grants, Guest, TimedOut};
use crate::Limits;
use crate::budget::Budget;
use crate::request_id::RequestId;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Instant;
use tokio::sync::oneshot;
use wasmtime::{Store, UpdateDeadline};
use wasmtime_wasi_http::WasiHttpView;
use wasmtime_wasi_http::p2::bindings::http::types::{ErrorCode, Scheme};
use wasmtime_wasi_http::p2::bindings::{Proxy, ProxyPre};
use wasmtime_wasi_http::p2::body::HyperOutgoingBody;

/// A component, ready to be instantiated for a request.
pub struct Component {
    /// The component's code, with its imports resolved.
    pub pre: ProxyPre<Guest>,
    /// The grants of its manifest.
    pub grants: Arc<Grants>,
    /// The limits of each request.
    pub limits: Limits,
    /// The memory shared with all other guests.
    pub memory: Arc<Budget>,
    /// True to log the number of instructions of each guest.
    pub count_instructions: bool,
}

/// The response of a guest, or its error.
pub type Reply = Result<Response<HyperOutgoingBody>, ErrorCode>;

/// An instance of a component, for one request. Dropping it gives it back. This takes a fifth of a
/// request's time, so it should happen after the client has its response.
pub struct Instance {
    component: Arc<Component>,
    store: Store<Guest>,
    proxy: Proxy,
}

impl Instance {
    /// Makes an instance for a request with this `deadline`.
    ///
    /// # Errors
    ///
    /// If the component's code cannot start, or there is no memory for it.
    pub async fn new(component: &Arc<Component>, deadline: Instant) -> Result<Self, Failure> {
        let memory = Memory::new(component.limits.memory_bytes, component.memory.clone());
        Self::with(component, memory, deadline).await
    }

    async fn with(
        component: &Arc<Component>,
        memory: Memory,
        deadline: Instant,
    ) -> Result<Self, Failure> {
        let mut store = store(component, memory, deadline)?;
        match component.pre.instantiate_async(&mut store).await {
            Ok(proxy) => Ok(Self { component: component.clone(), store, proxy }),
            Err(error) => Err(explain(&error, &component.limits, store.data())),
        }
    }

    /// Gives this instance back, and makes another one in advance. So the next request to the
    /// component need not wait for an instance. Returns `None` if the component does not start at
    /// once.
    pub fn renew(self) -> Option<Self> {
        let component = self.component.clone();
        drop(self);
        let memory = Memory::waiting(component.limits.memory_bytes, component.memory.clone());
        // A deadline of now stops it at the first tick of the epoch.
        let mut making = pin!(Self::with(&component, memory, Instant::now()));
        match making.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(made) => made.ok(),
            Poll::Pending => None,
        }
    }

    /// Returns true if this is an instance of `component`.
    pub fn is_of(&self, component: &Arc<Component>) -> bool {
        Arc::ptr_eq(&self.component, component)
    }

    /// Starts the request of an instance made in advance. The guest must answer by `deadline`.
    ///
    /// # Errors
    ///
    /// If other guests have taken the memory.
    pub fn begin(mut self, deadline: Instant) -> Result<Self, Failure> {
        self.store.set_epoch_deadline(1);
        let has_memory = self.store.data_mut().begin(deadline);
        has_memory.then_some(self).ok_or(Failure::OutOfMemory)
    }

    /// Calls the guest with `request`. Its response goes to `reply`. Then frees all resources of
    /// the guest except the instance itself.
    ///
    /// # Errors
    ///
    /// If the guest traps or is stopped.
    pub async fn answer(
        &mut self,
        request: Request<Bytes>,
        reply: oneshot::Sender<Reply>,
        id: &RequestId,
    ) -> Result<(), Failure> {
        let outcome = self.handle(request, reply).await;
        if self.component.count_instructions {
            self.log_instructions(id);
        }
        outcome.map_err(|error| explain(&error, &self.component.limits, self.store.data()))?;
        self.store.data_mut().end();
        Ok(())
    }

    async fn handle(
        &mut self,
        request: Request<Bytes>,
        reply: oneshot::Sender<Reply>,
    ) -> wasmtime::Result<()> {
        let mut http = self.store.data_mut().http();
        let request = http.new_incoming_request(Scheme::Http, request.map(Full::new))?;
        let reply = http.new_response_outparam(reply)?;
        let guest = self.proxy.wasi_http_incoming_handler();
        guest.call_handle(&mut self.store, request, reply).await
    }

    fn log_instructions(&self, id: &RequestId) {
        let Grants { log, component, .. } = &*self.component.grants;
        let run = u64::MAX - self.store.get_fuel().unwrap_or(u64::MAX);
        log.line(format_args!("{component}: {run} instructions request_id={}", id.get()));
    }
}

fn store(
    component: &Component,
    memory: Memory,
    deadline: Instant,
) -> Result<Store<Guest>, Failure> {
    let Component { pre, grants, count_instructions, .. } = component;
    let mut store = Store::new(pre.engine(), Guest::new(grants.clone(), memory, deadline));
    store.limiter(Guest::memory);
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(|mut guest| {
        let guest = guest.data_mut();
        if Instant::now() >= guest.deadline {
            return Err(TimedOut.into());
        }
        // One tick is not enough: the guest may have just started, or the system may have run
        // another program.
        if !std::mem::replace(&mut guest.is_long, true) {
            return Ok(UpdateDeadline::Continue(1));
        }
        // Tokio's own yield lets the thread look at its sockets first.
        Ok(UpdateDeadline::YieldCustom(1, Box::pin(tokio::task::yield_now())))
    });
    if *count_instructions {
        store.set_fuel(u64::MAX).map_err(|error| Failure::Trapped(error.to_string()))?;
    }
    Ok(store)
}

fn explain(error: &wasmtime::Error, limits: &Limits, guest: &Guest) -> Failure {
    if error.is::<TimedOut>() {
        return Failure::TimedOut;
    }
    let reason = error.root_cause();
    match guest.was_refused_memory() {
        Some(Refused::OwnLimit) => Failure::MemoryLimit(reason.to_string(), limits.memory_bytes),
        Some(Refused::Budget) => Failure::OutOfMemory,
        None => Failure::Trapped(reason.to_string()),
    }
}
