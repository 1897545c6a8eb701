//! Methods.

/// A method, as named in metrics. `Other` stands for any other name from a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    Get,
    Head,
    Post,
    Put,
    Patch,
    Delete,
    Options,
    Trace,
    Connect,
    Other,
}

impl Method {
    /// Returns the name in upper case, as in a request line and in labels.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
            Self::Options => "OPTIONS",
            Self::Trace => "TRACE",
            Self::Connect => "CONNECT",
            Self::Other => "OTHER",
        }
    }

    /// Returns false if requests with this method usually have no body.
    pub fn may_have_body(self) -> bool {
        !matches!(self, Self::Get | Self::Head | Self::Options | Self::Trace | Self::Connect)
    }
}
