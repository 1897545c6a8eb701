//! Variables, by both interfaces.

use crate::bindings::fermyon::spin::variables::{self, Error};
use crate::bindings::wasi::config::store;
use crate::reply::Reply;

/// The variable named by the query, or the name of the error.
pub fn get(name: &str) -> Reply {
    match variables::get(name) {
        Ok(value) => Reply::text(value),
        Err(Error::InvalidName(_)) => Reply::failure("invalid-name"),
        Err(Error::Undefined(_)) => Reply::failure("undefined"),
        Err(Error::Provider(_)) => Reply::failure("provider"),
        Err(Error::Other(_)) => Reply::failure("other"),
    }
}

/// The same by `wasi:config`, where what is not there is no error.
pub fn config(name: &str) -> Reply {
    match store::get(name) {
        Ok(Some(value)) => Reply::text(value),
        Ok(None) => Reply::text("none"),
        Err(_) => Reply::failure("error"),
    }
}
