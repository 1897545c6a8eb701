//! Misbehaviour of guests.

use crate::reply::{Reply, response_with, stream_and};
use spin_sdk::http::ResponseOutparam;
use spin_sdk::wit::wasi::http0_2_0::types::{ErrorCode, ResponseOutparam as Outparam};

/// Traps.
pub fn trap() -> Reply {
    core::arch::wasm32::unreachable()
}

/// Never ends.
pub fn run_for_ever() -> Reply {
    let mut number = 0u64;
    loop {
        number = std::hint::black_box(number.wrapping_add(1));
    }
}

/// Writes to as many pages of 64 KiB as the query says.
pub fn allocate(pages: &str) -> Reply {
    let pages = pages.parse().unwrap_or(0);
    let memory: Vec<Vec<u8>> = (0..pages).map(|_| vec![1; 64 * 1024]).collect();
    Reply::text(std::hint::black_box(memory).len())
}

/// Returns, and that is all.
pub fn give_no_response(response: ResponseOutparam) {
    drop(response);
}

/// Promises a longer body than it gives.
pub fn promise_too_much(response: ResponseOutparam) {
    let outgoing = response_with(200, &[("content-length", 10)]);
    let body = outgoing.body().expect("the body is not taken yet");
    let _ = spin_sdk::wit::wasi::http0_2_0::types::OutgoingBody::finish(body, None);
    response.set(outgoing);
}

/// Sets a response whose body it begins, and keeps for ever.
pub fn keep_body(response: ResponseOutparam) {
    let outgoing = response_with(200, &[]);
    std::mem::forget(outgoing.body());
    response.set(outgoing);
}

/// Traps when the client has taken much of the response, before its end.
pub async fn trap_amid_stream(response: ResponseOutparam, chunks: &str) {
    stream_and(response, chunks, || _ = trap()).await;
}

/// Says that it failed.
pub fn give_an_error(response: ResponseOutparam) {
    Outparam::set(response.into_inner(), Err(ErrorCode::InternalError(None)));
}
