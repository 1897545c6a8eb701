//! The world outside of the component.

use crate::reply::Reply;
use serde_json::json;
use spin_sdk::http::{Request, Response, SendError};
use std::sync::atomic::{AtomicU32, Ordering};

/// The environment as JSON.
pub fn environment() -> Reply {
    Reply::text(json!(std::env::vars().collect::<Vec<_>>()))
}

/// The root folder's files, which there should not be.
pub fn files() -> Reply {
    std::fs::read_dir("/").map(Iterator::count).into()
}

/// A request that should not get anywhere.
pub async fn send_request() -> Reply {
    let request = Request::get("http://127.0.0.1:9/").build();
    match spin_sdk::http::send::<_, Response>(request).await {
        Ok(response) => Reply::text(response.status()),
        Err(SendError::Http(code)) => Reply::failure(format!("{code:?}")),
        Err(error) => Reply::failure(error),
    }
}

/// The number of requests that this instance was called with.
pub fn count_visits() -> Reply {
    static VISITS: AtomicU32 = AtomicU32::new(0);
    Reply::text(VISITS.fetch_add(1, Ordering::Relaxed) + 1)
}

/// Prints the query on both streams, the last line without an end.
pub fn print(text: &str) -> Reply {
    println!("out {text}");
    eprint!("err {text}");
    Reply::text("printed")
}
