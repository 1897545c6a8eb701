//! Answers one request.

use super::activity::{Activity, Phase};
use super::authority;
use super::body;
use super::errors::Asked;
use super::instances::Instances;
use super::metrics;
use super::refusal::Refusal;
use super::shared::Shared;
use super::stream::client_gone;
use crate::app::Target;
use crate::guest::{Call, Component, Failure, ResponseBody};
use crate::headers;
use crate::request_id::RequestId;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue, TRANSFER_ENCODING};
use http::request::Parts;
use http::{HeaderMap, Request, Response};
use hyper::body::{Body, Incoming};
use std::sync::Arc;
use std::time::Instant;
use tokio::net::tcp::OwnedWriteHalf;
use tokio::sync::SemaphorePermit;
use tokio::time::timeout_at;

/// The prefix of all paths answered by Spin itself.
const SPIN: &str = "/.well-known/spin/";

/// The divisor for the size of a large body: an instance's memory divided by it. If the memory runs
/// out, a smaller body is not to blame.
const MEMORY_SHARE: usize = 64;

/// Answers the requests of one connection.
pub struct Handler {
    /// The state shared by all requests.
    pub shared: Shared,
    /// The idle instances of the worker.
    pub instances: Arc<Instances>,
    /// The address of the client.
    pub client: HeaderValue,
    /// The TCP stream, for the watch for a disconnected client.
    pub stream: Arc<OwnedWriteHalf>,
    /// The state of the connection.
    pub activity: Arc<Activity>,
}

/// The host's or a guest's response.
type Reply = Response<ResponseBody>;

impl Handler {
    /// Answers a request, whatever happens. A refusal is counted and may be logged.
    pub async fn handle(&self, request: Request<Incoming>) -> Reply {
        let (parts, body) = request.into_parts();
        let id = Arc::new(RequestId::new(&parts.headers));
        let asked =
            Asked { method: parts.method.clone(), uri: parts.uri.clone(), started: Instant::now() };
        // If the body is not read, hyper may still close the connection before it has arrived.
        if !body.is_end_stream() {
            self.activity.leave_unread();
        }
        let reply = self.answer(parts, body, &asked, &id).await;
        self.activity.enter(Phase::Response);
        reply.unwrap_or_else(|refusal| {
            self.shared.errors.record(&refusal, &asked, &id);
            refusal.response(asked.uri.path(), id.get())
        })
    }

    /// Routes the request, and returns the response of the host, of a static route or of a guest.
    async fn answer(
        &self,
        mut parts: Parts,
        body: Incoming,
        asked: &Asked,
        id: &Arc<RequestId>,
    ) -> Result<Reply, Refusal> {
        check_coding(&parts.headers)?;
        let authority = authority::find(&mut parts).map_err(Refusal::BadHost)?;
        let path = asked.uri.path();
        if let Some(reply) = self.own_answer(path)? {
            return Ok(reply);
        }
        let found = self.shared.app.router.find(path).ok_or(Refusal::NoRoute)?;
        match found.target {
            Target::Static(response) => Ok(response.clone().map(|body| Bytes::from(body).into())),
            Target::Guest { headers: route, component } => {
                let target = parts.uri.path_and_query();
                headers::set(&mut parts.headers, route, &found, &authority, target, &self.client);
                self.call(component, parts, body, asked.started, id).await
            }
        }
    }

    /// Returns the host's own answer to `path`, or `None` if the application answers it.
    fn own_answer(&self, path: &str) -> Result<Option<Reply>, Refusal> {
        let (content_type, text) = match path.strip_prefix(SPIN) {
            Some("health") if self.shared.connections.is_leaving() => {
                return Err(Refusal::Stopping);
            }
            Some("health") => return Ok(Some(Response::new(Bytes::from_static(b"OK").into()))),
            Some("info") => ("application/json", self.shared.app.info.clone()),
            Some(_) => return Err(Refusal::NoRoute),
            None if path == metrics::PATH => {
                (metrics::CONTENT_TYPE, metrics::exposition(&self.shared))
            }
            None => return Ok(None),
        };
        let mut reply: Reply = Response::new(Bytes::from(text).into());
        reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        Ok(Some(reply))
    }

    /// Reads the body, and gives the request to a guest. Stops if the client disconnects.
    async fn call(
        &self,
        component: &Arc<Component>,
        parts: Parts,
        body: Incoming,
        started: Instant,
        id: &Arc<RequestId>,
    ) -> Result<Reply, Refusal> {
        let Shared { app, slots, bodies, long_guests, .. } = &self.shared;
        let deadline = started + app.limits.request_timeout;
        // Read the body.
        let body = body::read(body, &app.limits, bodies, &self.activity, deadline.into()).await?;
        self.activity.finish_body();
        // Wait for a turn, find a place, and run the guest.
        let answer = async {
            let is_long = body.len() > app.limits.small_body_bytes;
            let takes_memory = body.len() > app.limits.memory_bytes / MEMORY_SHARE;
            let _turn = if is_long { Some(self.turn(deadline).await?) } else { None };
            let slot = slots.clone().try_acquire_owned().map_err(|_| Refusal::TooManyRequests)?;
            let call = Call {
                component: component.clone(),
                prepared: self.instances.take(component),
                request: Request::from_parts(parts, body),
                is_long,
                deadline,
                slot,
                id: id.clone(),
            };
            let reply = call.run(long_guests).await;
            reply.map_err(|failure| match failure {
                Failure::MemoryLimit(..) if takes_memory => Refusal::BodyTakesMemory,
                failure => Refusal::failed(&failure, app.limits.request_timeout),
            })
        };
        // Do all this only as long as the client is there.
        let reply = tokio::select! {
            biased;
            reply = answer => reply,
            () = client_gone(&self.stream, app.limits.half_close_timeout) => {
                Err(Refusal::ClientGone)
            }
        };
        let (reply, spent) = reply?;
        self.instances.keep(spent);
        self.hold(reply).await
    }

    /// Waits for the turn of a long request. If all long requests ran at once, they would need more
    /// memory than there is, and most would fail after much work. The queue is as long as the limit
    /// of concurrent requests. Later requests are refused at once: they would wait long, and keep a
    /// connection's place from others meanwhile.
    ///
    /// # Errors
    ///
    /// If the queue is full, or if there is no turn until `deadline`.
    async fn turn(&self, deadline: Instant) -> Result<SemaphorePermit<'_>, Refusal> {
        let _place = self.shared.line.try_acquire().map_err(|_| Refusal::TooManyRequests)?;
        let turn = timeout_at(deadline.into(), self.shared.turns.acquire()).await;
        turn.ok().and_then(Result::ok).ok_or(Refusal::TooManyRequests)
    }

    /// Takes room for the ready bytes of a response, until the client has taken them. A small
    /// response finds room whatever other clients take.
    async fn hold(&self, reply: Reply) -> Result<Reply, Refusal> {
        let Shared { app, responses, connections, .. } = &self.shared;
        let bytes = reply.body().ready_bytes().saturating_sub(app.limits.small_body_bytes);
        if bytes == 0 {
            return Ok(reply);
        }
        let room =
            connections.response_room(responses, bytes).await.ok_or(Refusal::TooManyResponses)?;
        Ok(reply.map(|body| body.hold(room)))
    }
}

/// Checks the body's transfer coding. hyper itself undoes `chunked`. It leaves others to the guest,
/// but the guest has no way to know of them (RFC 9112, section 6.1).
fn check_coding(headers: &HeaderMap) -> Result<(), Refusal> {
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    let is_chunked = |coding: &HeaderValue| coding.as_bytes().eq_ignore_ascii_case(b"chunked");
    match (codings.next(), codings.next()) {
        (None, _) => Ok(()),
        (Some(coding), None) if is_chunked(coding) => Ok(()),
        _ => Err(Refusal::UnknownCoding),
    }
}
