//! The service's component, named in `spin.toml`. Its code is in `model_api`.
#![cfg(target_arch = "wasm32")]

use model_api::Arena;
use spin_sdk::http::{IncomingRequest, ResponseOutparam};

#[global_allocator]
static ARENA: Arena = Arena::new();

#[spin_sdk::http_component]
fn handle(request: IncomingRequest, out: ResponseOutparam) {
    model_api::serve(request, out);
}
