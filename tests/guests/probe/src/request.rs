//! The request as the guest sees it.

use crate::reply::Reply;
use serde_json::json;
use spin_sdk::http::{IncomingRequest, Scheme};

/// The request as JSON, its body aside.
pub async fn echo(request: IncomingRequest) -> Reply {
    let headers: Vec<_> = request
        .headers()
        .entries()
        .into_iter()
        .map(|(name, value)| (name, String::from_utf8_lossy(&value).into_owned()))
        .collect();
    let scheme = match request.scheme() {
        Some(Scheme::Http) => "http",
        _ => "another",
    };
    Reply::text(json!({
        "method": request.method().to_string(),
        "path_with_query": request.path_with_query(),
        "authority": request.authority(),
        "scheme": scheme,
        "headers": headers,
    }))
}

/// The request's body.
pub async fn body(request: IncomingRequest) -> Reply {
    match request.into_body().await {
        Ok(body) => Reply::text(String::from_utf8_lossy(&body)),
        Err(error) => Reply::failure(format!("{error:?}")),
    }
}
