//! Bodies that come compressed: Content-Encoding headers (RFC 9110, section 8.4).

use super::HttpError;
use super::media_type::essence;
use flate2::bufread::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use std::cell::Cell;
use std::io::{self, BufRead, Read};

/// The codings that are taken, as an Accept-Encoding header names them.
pub const ACCEPTED: &str = "gzip, deflate";

/// Is true if a body is something else than the bytes it stands for.
pub fn is_encoded(content_encoding: &str) -> bool {
    essence(content_encoding) != "identity"
}

/// Unpacks a body, into `limit` bytes at most.
///
/// # Errors
///
/// 415 if the coding is not one of [`ACCEPTED`], 400 if the body is not what it says it is, 413 if
/// it is too large.
pub fn decode(body: &[u8], content_encoding: &str, limit: usize) -> Result<Vec<u8>, HttpError> {
    let unpacked = Cell::new(0);
    let packed = Packed { rest: body, taken: 0, unpacked: &unpacked };
    match essence(content_encoding).as_str() {
        "gzip" | "x-gzip" => unpack(MultiGzDecoder::new(packed), &unpacked, "gzip", limit),
        "deflate" if is_zlib(body) => unpack(ZlibDecoder::new(packed), &unpacked, "deflate", limit),
        // Some clients leave out the header and the checksum that the coding has.
        "deflate" => unpack(DeflateDecoder::new(packed), &unpacked, "deflate", limit),
        _ => {
            Err(HttpError::new(415, format!("The body should be sent as it is, or as {ACCEPTED}")))
        }
    }
}

/// A packed body. It is read up to [`SLACK`] bytes more than it has become unpacked: thousands of empty
/// parts, each of which takes as long as a full one, are no way to pack anything.
struct Packed<'a> {
    rest: &'a [u8],
    /// The bytes that were read.
    taken: usize,
    /// The bytes that they have become.
    unpacked: &'a Cell<usize>,
}

/// Bytes of headers, checksums and empty parts that a packed body may have.
const SLACK: usize = 16 * 1024;
/// Bytes that are unpacked at once.
const PIECE: usize = 4096;

impl Read for Packed<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.fill_buf()?.read(buffer)?;
        self.consume(length);
        Ok(length)
    }
}

impl BufRead for Packed<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.taken > self.unpacked.get() + SLACK {
            return Err(io::Error::other("it is longer than what is packed in it"));
        }
        Ok(&self.rest[..self.rest.len().min(PIECE)])
    }

    fn consume(&mut self, length: usize) {
        self.rest = &self.rest[length..];
        self.taken += length;
    }
}

/// Is true if the first two bytes are the header of the zlib format (RFC 1950, section 2.2).
fn is_zlib(body: &[u8]) -> bool {
    let [method, flags, ..] = body else { return false };
    method & 0x0f == 8 && (u16::from(*method) << 8 | u16::from(*flags)) % 31 == 0
}

fn unpack(
    mut packed: impl Read,
    unpacked: &Cell<usize>,
    coding: &str,
    limit: usize,
) -> Result<Vec<u8>, HttpError> {
    let mut body = Vec::new();
    let mut piece = [0; PIECE];
    loop {
        let length = packed.read(&mut piece).map_err(|error| {
            HttpError::new(400, format!("The body is not valid {coding}: {error}"))
        })?;
        if length == 0 {
            return Ok(body);
        }
        body.extend_from_slice(&piece[..length]);
        unpacked.set(body.len());
        if body.len() > limit {
            return Err(HttpError::too_large(limit));
        }
    }
}
