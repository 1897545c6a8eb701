//! The tensors of the Open Inference Protocol: into rows for the model, and out of its answers.
//!
//! - [`request`] reads what a client sent, as JSON or with Triton's extension for binary data.
//! - [`columns`] finds the tensor of each feature, and [`rows`] makes rows of them, or says what is
//!   wrong: [`faults`].
//! - [`nan`] replaces words that are no JSON.
//! - [`output`] makes tensors of the answers.
//! - [`signature`] says which tensors a model takes and gives.
//!
//! Source: <https://github.com/kserve/open-inference-protocol>, `inference_rest.md`; for binary
//! data <https://github.com/triton-inference-server/server>, `extension_binary_data.md`.

mod columns;
mod data;
mod datatype;
pub mod faults;
pub mod nan;
pub mod output;
pub mod request;
pub mod rows;
pub mod signature;

pub use datatype::Datatype;

/// The name of the extension that clients look for in the server's metadata.
pub const BINARY_EXTENSION: &str = "binary_tensor_data";
/// How long the JSON before the binary data is, in bytes. Header of requests and responses.
pub const HEADER_LENGTH: &str = "inference-header-content-length";
