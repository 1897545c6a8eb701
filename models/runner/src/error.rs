//! The reason for a missing answer.

use core::fmt;

/// A sentence about an operator, without its subject: "has inputs whose shapes do not fit".
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Error(pub &'static str);

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// A result with this [`Error`].
pub type Result<T> = core::result::Result<T, Error>;
