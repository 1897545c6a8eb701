//! The responses that the host gives itself.

use crate::guest::ResponseBody;
use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use http::{Response, StatusCode};
use std::time::Duration;

type Reply = Response<ResponseBody>;

/// What Spin answers for a server that is up.
pub fn ok() -> Reply {
    Response::new(Bytes::from_static(b"OK").into())
}

/// No route has the request's path.
pub fn not_found() -> Reply {
    json(StatusCode::NOT_FOUND, "{\"detail\":\"Not Found\"}".to_owned())
}

/// The request makes no sense.
pub fn bad_request(reason: &str) -> Reply {
    closing(error(StatusCode::BAD_REQUEST, reason))
}

/// The body has more than `limit` bytes. The rest of it is not read.
pub fn too_large(limit: usize) -> Reply {
    let reason = format!("the body has more than {limit} bytes");
    closing(error(StatusCode::PAYLOAD_TOO_LARGE, &reason))
}

/// The body did not arrive in time.
pub fn body_timed_out() -> Reply {
    closing(error(StatusCode::REQUEST_TIMEOUT, "the body did not arrive in time"))
}

/// Every instance is at work.
pub fn busy() -> Reply {
    let mut reply = error(StatusCode::SERVICE_UNAVAILABLE, "too many requests at once");
    reply.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    reply
}

/// The guest did not answer within `limit`.
pub fn timed_out(limit: Duration) -> Reply {
    let reason = format!("the component did not answer within {limit:?}");
    error(StatusCode::GATEWAY_TIMEOUT, &reason)
}

/// The guest failed, for a reason that is the operator's to know and not the client's.
pub fn failed(reason: &str) -> Reply {
    error(StatusCode::INTERNAL_SERVER_ERROR, reason)
}

/// `reason` has no characters that JSON would escape.
fn error(status: StatusCode, reason: &str) -> Reply {
    json(status, format!("{{\"error\":\"{reason}\"}}"))
}

fn json(status: StatusCode, body: String) -> Reply {
    let mut reply = Response::new(Bytes::from(body).into());
    *reply.status_mut() = status;
    let json = HeaderValue::from_static("application/json");
    reply.headers_mut().insert(CONTENT_TYPE, json);
    reply
}

/// After a request that was not read to its end, no other can follow.
pub fn closing(mut reply: Reply) -> Reply {
    reply.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    reply
}
