//! Requests.

use super::{RowForm, encoding, media_type};
use std::borrow::Cow;

/// A request, as a handler gets it.
pub struct Request<'a> {
    /// The path's segments at the route's braces, decoded, in order.
    pub segments: Segments<'a>,
    /// The whole body; empty where the route takes none.
    pub body: Vec<u8>,
    /// Looks up the value of a header. Each look-up is a call to the host.
    pub header: Header<'a>,
    /// The id of the request in the answer and in the log.
    pub id: &'a str,
    /// A random number, for the samples and the id of this request.
    pub random: u64,
}

impl Request<'_> {
    /// Returns the form of the rows in the body, by its content type; none for any other type.
    pub fn row_form(&self) -> Option<RowForm> {
        RowForm::of((self.header)("content-type").as_deref())
    }

    /// Returns the form of an answer to rows of this form.
    pub fn accepted_form(&self, sent: RowForm) -> RowForm {
        sent.accepted((self.header)("accept").as_deref())
    }

    /// Returns true if the content type is not JSON.
    pub fn says_not_json(&self) -> bool {
        !media_type::may_be_json((self.header)("content-type").as_deref())
    }

    /// Returns the content coding of the body, unless it is `identity`.
    pub fn content_encoding(&self) -> Option<String> {
        (self.header)("content-encoding").filter(|encoding| encoding::is_encoded(encoding))
    }
}

/// Looks up the value of a header by its name in lower case.
pub type Header<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The segments of a path at the braces of its route.
pub type Segments<'p> = Vec<Cow<'p, str>>;
