//! The tensors of a request of the Open Inference Protocol.
//!
//! - [`request`] reads the request, as JSON or with Triton's extension for binary data.
//! - [`nan`] replaces words for floats by valid JSON.
//! - [`columns`] finds the tensor of each feature, and [`rows`] makes rows of them.
//! - [`data`] reads the elements of a tensor, and [`datatype`] has the types of elements.
//!
//! Source: <https://github.com/kserve/open-inference-protocol>, `inference_rest.md`; for binary
//! data <https://github.com/triton-inference-server/server>, `extension_binary_data.md`.

mod columns;
mod data;
mod datatype;
pub mod nan;
pub mod request;
pub mod rows;

pub use datatype::Datatype;

/// The header of requests and responses for the length of the JSON before the binary data, in
/// bytes.
pub const HEADER_LENGTH: &str = "inference-header-content-length";
