//! Runs one request in one fresh instance.

use super::Grants;
use super::instance::{Component, Instance, Reply};
use super::response::ResponseBody;
use super::task::{Failed, Task};
use crate::request_id::RequestId;
use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::{Request, Response};
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Instant;
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, oneshot};

/// The reason for a missing response.
#[derive(Debug, PartialEq)]
pub enum Failure {
    /// The guest took too long and was stopped.
    TimedOut,
    /// All guests together have reached their memory limit.
    OutOfMemory,
    /// The guest trapped or could not start. The string is the reason.
    Trapped(String),
    /// The guest trapped after it was refused memory: the reason, and its memory limit in bytes.
    MemoryLimit(String, usize),
    /// The guest returned without a complete response. The string is the reason.
    NoResponse(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TimedOut => f.write_str("stopped: it took too long"),
            Self::OutOfMemory => {
                f.write_str("stopped: all instances have too much memory together")
            }
            Self::Trapped(reason) => write!(f, "trapped: {reason}"),
            Self::MemoryLimit(reason, limit) => {
                write!(f, "trapped: {reason}, refused more than {limit} bytes of memory")
            }
            Self::NoResponse(reason) => write!(f, "gave no response: {reason}"),
        }
    }
}

type Running = Pin<Box<dyn Future<Output = Result<Instance, Failure>> + Send>>;

/// One request to a component.
pub struct Call {
    /// The component for the request. It answers in a fresh instance.
    pub component: Arc<Component>,
    /// An instance made in advance, if there is one.
    pub prepared: Option<Instance>,
    /// The request, with its whole body.
    pub request: Request<Bytes>,
    /// True if the guest is sure to take long.
    pub is_long: bool,
    /// The latest time for the answer.
    pub deadline: Instant,
    /// A permit for one of the concurrent requests, held until the guest ends.
    pub slot: OwnedSemaphorePermit,
    /// The id of the request in log lines.
    pub id: Arc<RequestId>,
}

impl Call {
    /// Runs the guest until its response is ready. Also returns the instance if the guest has
    /// ended.
    ///
    /// Most guests end within microseconds. So a guest is first polled here, on its connection's
    /// own task. This saves a task and a switch to it. A guest moves to the threads of
    /// `long_guests` if it computes for longer than two ticks of the epoch, waits for something, or
    /// has a body that is not small. Then the other connections of this thread need not wait, and
    /// the response can be sent while the guest still works.
    ///
    /// Dropping the future stops the guest. The caller drops the returned instance after it has
    /// written the response.
    ///
    /// # Errors
    ///
    /// If the guest gives no response. The log then has the reason.
    pub async fn run(
        self,
        long_guests: &Handle,
    ) -> Result<(Response<ResponseBody>, Option<Instance>), Failure> {
        let (component, id, deadline) = (self.component.clone(), self.id.clone(), self.deadline);
        // Poll the guest once, unless it is sure to take long.
        let is_long = self.is_long;
        let (reply, mut answer) = oneshot::channel();
        let failed = Failed::default();
        let mut guest: Running = Box::pin(run(self, reply, failed.clone()));
        let polled = match is_long {
            true => Poll::Pending,
            false => poll_fn(|context| Poll::Ready(guest.as_mut().poll(context))).await,
        };
        // If it has not ended, let it continue on the other threads.
        let Poll::Ready(outcome) = polled else {
            let guest = finish(component, id, guest, deadline, failed.clone());
            let guest = Task::spawn(long_guests, guest, failed);
            return match answer.await {
                Ok(reply) => Ok((response(reply, Some(guest))?, None)),
                Err(_) => Err(guest.await.err().unwrap_or_else(no_response)),
            };
        };
        // If it has ended, take its response.
        log_failure(&component, &id, &outcome);
        let instance = outcome?;
        match answer.try_recv() {
            Ok(reply) => Ok((response(reply, None)?, Some(instance))),
            Err(_) => Err(no_response()),
        }
    }
}

/// Runs the rest of a long guest. Such a guest computes for long, or waits for a clock or for a
/// slow client.
async fn finish(
    component: Arc<Component>,
    id: Arc<RequestId>,
    mut guest: Running,
    deadline: Instant,
    failed: Failed,
) -> Result<(), Failure> {
    let outcome = tokio::time::timeout_at(deadline.into(), guest.as_mut()).await;
    let outcome = outcome.unwrap_or_else(|_| {
        failed.set();
        Err(Failure::TimedOut)
    });
    log_failure(&component, &id, &outcome);
    outcome.map(drop)
}

async fn run(
    call: Call,
    reply: oneshot::Sender<Reply>,
    failed: Failed,
) -> Result<Instance, Failure> {
    let Call { component, prepared, request, deadline, slot: _slot, id, .. } = call;
    let mut instance = match prepared {
        Some(prepared) => prepared.begin(deadline)?,
        None => Instance::new(&component, deadline).await?,
    };
    instance.answer(request, reply, &id).await.inspect_err(|_| failed.set())?;
    Ok(instance)
}

fn log_failure<T>(component: &Component, id: &RequestId, outcome: &Result<T, Failure>) {
    if let Err(failure) = outcome {
        let Grants { log, component, .. } = &*component.grants;
        log.line(format_args!("{component}: {failure} request_id={}", id.get()));
    }
}

fn no_response() -> Failure {
    Failure::NoResponse("it returned without one".to_owned())
}

fn response(reply: Reply, guest: Option<Task>) -> Result<Response<ResponseBody>, Failure> {
    let reply = reply.map_err(|code| Failure::NoResponse(code.to_string()))?;
    let (parts, body) = reply.into_parts();
    let length = parts.headers.get(CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse().ok());
    let body = ResponseBody::collect_ready(body, length, guest)
        .map_err(|error| Failure::NoResponse(error.to_string()))?;
    Ok(Response::from_parts(parts, body))
}
