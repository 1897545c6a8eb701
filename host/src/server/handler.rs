//! One request.

use super::body::{Held, HeldBody, Refused};
use super::reply;
use crate::app::{Inner, Target};
use crate::guest::{self, Component, Failure, ResponseBody};
use crate::headers::{self, RouteHeaders};
use crate::routes::Match;
use bytes::Bytes;
use http::header::{HOST, HeaderValue};
use http::request::Parts;
use http::{Request, Response, Uri};
use hyper::body::Incoming;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::Semaphore;

/// Where Spin answers for itself.
const WELL_KNOWN: &str = "/.well-known/spin/";

/// Answers the requests of one connection.
pub struct Handler {
    pub app: Arc<Inner>,
    pub slots: Arc<Semaphore>,
    pub bodies: Arc<Held>,
    pub client: HeaderValue,
}

type Reply = Response<ResponseBody>;

impl Handler {
    /// Answers a request, whatever happens.
    pub async fn handle(&self, request: Request<Incoming>) -> Reply {
        let (mut parts, body) = request.into_parts();
        if let Some(name) = parts.uri.path().strip_prefix(WELL_KNOWN) {
            return if name == "health" { reply::ok() } else { reply::not_found() };
        }
        let uri = parts.uri.clone();
        let Some(found) = self.app.router.find(uri.path()) else {
            return reply::not_found();
        };
        match found.target {
            Target::Static(response) => response.clone().map(|body| Bytes::from(body).into()),
            Target::Guest { headers, component } => {
                match self.prepare(&mut parts, &uri, &found, headers) {
                    Ok(()) => self.call(component, parts, body).await,
                    Err(refused) => *refused,
                }
            }
        }
    }

    /// Gives the request the authority and the headers that a guest expects.
    fn prepare(
        &self,
        parts: &mut Parts,
        uri: &Uri,
        found: &Match<'_, Target>,
        headers: &RouteHeaders,
    ) -> Result<(), Box<Reply>> {
        let authority = authority(parts).map_err(|reason| Box::new(reply::bad_request(reason)))?;
        let path = uri.path_and_query();
        headers::set(&mut parts.headers, headers, found, &authority, path, &self.client);
        Ok(())
    }

    async fn call(&self, component: &Arc<Component>, parts: Parts, body: Incoming) -> Reply {
        let limits = &self.app.limits;
        let deadline = Instant::now() + limits.request_timeout;
        let body = match self.read(body, deadline).await {
            Ok(body) => body,
            Err(refused) => return *refused,
        };
        let Ok(slot) = self.slots.clone().try_acquire_owned() else {
            return reply::busy();
        };
        let request = Request::from_parts(parts, body.bytes.clone());
        match guest::call(component, request, deadline, slot).await {
            Ok(response) => response,
            Err(Failure::TimedOut) => reply::timed_out(limits.request_timeout),
            Err(Failure::Trapped(_)) => reply::failed("the component failed"),
            Err(Failure::NoResponse(_)) => reply::failed("the component gave no response"),
        }
    }

    async fn read(&self, body: Incoming, deadline: Instant) -> Result<HeldBody<'_>, Box<Reply>> {
        let limit = self.app.limits.body_bytes;
        let body = self.bodies.read(body, limit);
        Err(Box::new(match tokio::time::timeout_at(deadline.into(), body).await {
            Ok(Ok(body)) => return Ok(body),
            Ok(Err(Refused::TooLarge)) => reply::too_large(limit),
            Ok(Err(Refused::Busy)) => reply::closing(reply::busy()),
            Ok(Err(Refused::Incomplete)) => reply::bad_request("the body is incomplete"),
            Err(_) => reply::body_timed_out(),
        }))
    }
}

/// Who the request is for: what its URI says, or its `Host`. If it says both, they must agree.
/// A client of HTTP/1.0 need not say it.
fn authority(parts: &mut Parts) -> Result<String, &'static str> {
    let hosts = parts.headers.get_all(HOST).iter().count();
    let host = match parts.headers.get(HOST) {
        Some(_) if hosts > 1 => return Err("there is more than one `Host` header"),
        Some(host) => Some(host.to_str().map_err(|_| "the `Host` header is not valid")?),
        None => None,
    };
    match (host, parts.uri.authority()) {
        (Some(host), Some(authority)) if host != authority.as_str() => {
            Err("the `Host` header is not the URI's")
        }
        (Some(host), _) => match host.parse::<http::uri::Authority>() {
            Ok(_) => Ok(host.to_owned()),
            Err(_) => Err("the `Host` header is not valid"),
        },
        (None, Some(authority)) => Ok(authority.to_string()),
        (None, None) => {
            parts.headers.insert(HOST, HeaderValue::from_static("localhost"));
            Ok("localhost".to_owned())
        }
    }
}
