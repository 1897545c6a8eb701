//! `GET /`: says that the service runs.

use crate::http::{Reply, Request, Response};
use serde::Serialize;

#[derive(Serialize)]
struct Greeting {
    message: &'static str,
}

pub fn get(_: &Request) -> Reply {
    Response::json(200, &Greeting { message: "Healthcare AI Model Service is running." }).into()
}
