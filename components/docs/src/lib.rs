//! The documentation's component. Its code is in `model_api`. Here are only the files of the pages,
//! from the build script.
#![cfg(target_arch = "wasm32")]

use model_api::Asset;
use spin_sdk::http::{IncomingRequest, ResponseOutparam};

include!(concat!(env!("OUT_DIR"), "/assets.rs"));

#[spin_sdk::http_component]
fn handle(request: IncomingRequest, out: ResponseOutparam) {
    model_api::serve_docs(request, out, ASSETS);
}
