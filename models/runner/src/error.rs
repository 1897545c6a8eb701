//! The reason why a model has no answer.

use core::fmt;

/// A sentence without its subject, which is an operator: "has inputs whose shapes do not fit".
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Error(pub &'static str);

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

pub type Result<T> = core::result::Result<T, Error>;
