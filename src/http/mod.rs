//! Requests and responses as plain data, and the rules of HTTP that need nothing else.

pub mod cache;
pub mod cors;
pub mod encoding;
mod error;
pub mod hexadecimal;
pub mod media_type;
mod method;
mod request;
mod response;
mod rows;
pub mod trace;
mod unpack;

pub use error::{ErrorForm, HttpError};
pub use method::Method;
pub use request::{Request, Segments};
pub use response::{JSON, Response};
pub use rows::{NO_ROWS, RowForm};
