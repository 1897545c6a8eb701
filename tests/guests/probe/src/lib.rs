//! A guest that tries out what the host gives it and what it withholds. The first segment of the
//! path says what it tries, the query says with what.
//!
//! It asks what Spin's conformance suite asks, and misbehaves in the ways a guest can.
#![cfg(target_arch = "wasm32")]

mod key_value;
mod misbehave;
mod outside;
mod reply;
mod request;
mod script;
mod variables;

use reply::Reply;
use spin_sdk::http::{IncomingRequest, ResponseOutparam};
use spin_sdk::http_component;

mod bindings {
    wit_bindgen::generate!({
        path: "../../../host/wit",
        world: "model-api:host/platform",
        generate_all,
    });
}

#[http_component]
async fn handle(request: IncomingRequest, response: ResponseOutparam) {
    let path = request.path_with_query().unwrap_or_default();
    let (path, query) = path.split_once('?').unwrap_or((&path, ""));
    let subject = path.split('/').nth(1).unwrap_or_default();
    let reply = match subject {
        "constant" => Reply::text("constant"),
        "echo" => request::echo(request).await,
        "body" => request::body(request).await,
        "variable" => variables::get(query),
        "config" => variables::config(query),
        "environment" => outside::environment(),
        "files" => outside::files(),
        "outbound" => outside::send_request().await,
        "visits" => outside::count_visits(),
        "key-value" => key_value::contract(query),
        "spin-key-value" => key_value::spin_contract(),
        "count" => key_value::count(query),
        "script" => script::run(request).await,
        "print" => outside::print(query),
        "trap" => misbehave::trap(),
        "loop" => misbehave::run_for_ever(),
        "memory" => misbehave::allocate(query),
        "silent" => return misbehave::give_no_response(response),
        "short" => return misbehave::promise_too_much(response),
        "unfinished" => return misbehave::keep_body(response),
        "error" => return misbehave::give_an_error(response),
        "large" => Reply::text("x".repeat(query.parse().unwrap_or(0))),
        "stream" => return reply::stream(response, query).await,
        "stream-and-trap" => return misbehave::trap_amid_stream(response, query).await,
        _ => Reply::failure(format!("nothing to try for `{subject}`")),
    };
    reply.send(response);
}
