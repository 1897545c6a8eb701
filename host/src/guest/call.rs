//! One request through one fresh instance.

use super::response::{ResponseBody, Task};
use super::{Grants, Guest, TimedOut};
use crate::Limits;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Instant;
use tokio::sync::{OwnedSemaphorePermit, oneshot};
use tokio::task::JoinError;
use wasmtime::{Store, UpdateDeadline};
use wasmtime_wasi_http::WasiHttpView;
use wasmtime_wasi_http::p2::bindings::ProxyPre;
use wasmtime_wasi_http::p2::bindings::http::types::{ErrorCode, Scheme};
use wasmtime_wasi_http::p2::body::HyperOutgoingBody;

/// A component that is ready to be instantiated for a request.
pub struct Component {
    /// Its code, with its imports resolved.
    pub pre: ProxyPre<Guest>,
    /// What it may use.
    pub grants: Arc<Grants>,
    /// What it may use up.
    pub limits: Limits,
}

/// Why a guest gave no response.
#[derive(Debug, PartialEq)]
pub enum Failure {
    /// It was stopped because it took too long.
    TimedOut,
    /// It trapped, or could not be started.
    Trapped(String),
    /// It returned without a response, or with half of one.
    NoResponse(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TimedOut => f.write_str("stopped: it took too long"),
            Self::Trapped(reason) => write!(f, "trapped: {reason}"),
            Self::NoResponse(reason) => write!(f, "gave no response: {reason}"),
        }
    }
}

type Reply = Result<Response<HyperOutgoingBody>, ErrorCode>;
type Running = Pin<Box<dyn Future<Output = Result<(), Failure>> + Send>>;

/// Gives `request` to a fresh instance of `component`, which holds `slot` until it ends.
///
/// A guest seldom waits for anything. So it is first polled here, on its connection's own task,
/// which saves a task and a switch to it; only if it does wait does it get a task, so that its
/// response can be sent while it is still at work.
///
/// # Errors
///
/// If the guest gives no response; the log then says why.
pub async fn call(
    component: &Arc<Component>,
    request: Request<Bytes>,
    deadline: Instant,
    slot: OwnedSemaphorePermit,
) -> Result<Response<ResponseBody>, Failure> {
    let (reply, mut answer) = oneshot::channel();
    let mut guest: Running = Box::pin(run(component.clone(), request, reply, deadline, slot));
    let outcome = match poll_fn(|context| Poll::Ready(guest.as_mut().poll(context))).await {
        Poll::Ready(outcome) => outcome,
        Poll::Pending => {
            let guest = tokio::spawn(finish(component.clone(), guest, deadline));
            return match answer.await {
                Ok(reply) => response(reply, Some(guest)),
                Err(_) => Err(failure(guest.await.unwrap_or_else(bug))),
            };
        }
    };
    log_failure(component, &outcome);
    match answer.try_recv() {
        Ok(reply) if outcome.is_ok() => response(reply, None),
        _ => Err(failure(outcome)),
    }
}

/// The outcome of a guest whose task panicked.
fn bug(panic: JoinError) -> Result<(), Failure> {
    Err(Failure::Trapped(panic.to_string()))
}

/// The rest of a guest that waits: for a client that reads slowly, for a clock, or for its turn,
/// since it also pauses at each tick of the epoch to let other requests run.
async fn finish(
    component: Arc<Component>,
    guest: Running,
    deadline: Instant,
) -> Result<(), Failure> {
    let outcome = tokio::time::timeout_at(deadline.into(), guest).await;
    let outcome = outcome.unwrap_or(Err(Failure::TimedOut));
    log_failure(&component, &outcome);
    outcome
}

async fn run(
    component: Arc<Component>,
    request: Request<Bytes>,
    reply: oneshot::Sender<Reply>,
    deadline: Instant,
    _slot: OwnedSemaphorePermit,
) -> Result<(), Failure> {
    let mut store = store(&component, deadline);
    let outcome = handle(&component, &mut store, request, reply).await;
    outcome.map_err(|error| explain(&error, &component.limits, store.data()))
}

fn store(component: &Component, deadline: Instant) -> Store<Guest> {
    let Component { pre, grants, limits } = component;
    let mut store = Store::new(pre.engine(), Guest::new(grants.clone(), limits, deadline));
    store.limiter(Guest::memory);
    // The next tick may come at once, so that the second one is the first to mean anything.
    store.set_epoch_deadline(2);
    store.epoch_deadline_callback(|guest| {
        if Instant::now() < guest.data().deadline {
            return Ok(UpdateDeadline::Yield(1));
        }
        Err(TimedOut.into())
    });
    store
}

async fn handle(
    component: &Component,
    store: &mut Store<Guest>,
    request: Request<Bytes>,
    reply: oneshot::Sender<Reply>,
) -> wasmtime::Result<()> {
    let request = request.map(Full::new);
    let mut http = store.data_mut().http();
    let request = http.new_incoming_request(Scheme::Http, request)?;
    let reply = http.new_response_outparam(reply)?;
    let guest = component.pre.instantiate_async(&mut *store).await?;
    guest.wasi_http_incoming_handler().call_handle(store, request, reply).await
}

fn explain(error: &wasmtime::Error, limits: &Limits, guest: &Guest) -> Failure {
    if error.is::<TimedOut>() {
        return Failure::TimedOut;
    }
    let reason = error.root_cause();
    let limit = limits.memory_bytes;
    match guest.was_refused_memory() {
        true => Failure::Trapped(format!("{reason}, refused more than {limit} bytes of memory")),
        false => Failure::Trapped(reason.to_string()),
    }
}

fn log_failure(component: &Component, outcome: &Result<(), Failure>) {
    if let Err(failure) = outcome {
        let Grants { log, component, .. } = &*component.grants;
        log.line(format_args!("{component}: {failure}"));
    }
}

/// Why a guest that has ended with `outcome` gave no response.
fn failure(outcome: Result<(), Failure>) -> Failure {
    match outcome {
        Ok(()) => Failure::NoResponse("it returned without one".to_owned()),
        Err(failure) => failure,
    }
}

fn response(reply: Reply, guest: Option<Task>) -> Result<Response<ResponseBody>, Failure> {
    let reply = reply.map_err(|code| Failure::NoResponse(code.to_string()))?;
    let (parts, body) = reply.into_parts();
    let body = ResponseBody::collect_ready(body, guest)
        .map_err(|error| Failure::NoResponse(error.to_string()))?;
    Ok(Response::from_parts(parts, body))
}
