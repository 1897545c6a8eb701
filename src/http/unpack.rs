//! Deflate, and the two formats that wrap it: gzip (RFC 1952) and zlib (RFC 1950).

use flate2::Crc;
use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::{
    TINFL_FLAG_COMPUTE_ADLER32, TINFL_FLAG_PARSE_ZLIB_HEADER, TINFL_FLAG_STOP_ON_BLOCK_BOUNDARY,
    TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF,
};
use miniz_oxide::inflate::core::{DecompressorOxide, decompress};

/// The reason for not unpacking a body.
#[derive(Debug, PartialEq)]
pub enum Fault {
    /// The body is not valid in its format.
    Invalid(&'static str),
    /// The unpacked body would be larger than the limit.
    TooLarge,
}

/// Bytes of the limit for each allowed part of a body: a block of deflate, or a member of gzip. To
/// build the tables of a part is as much work as thousands of bytes. Compressors write blocks of
/// 16 KiB and more.
const PART_BYTES: usize = 4096;
/// Number of parts allowed even under a small limit.
const LEAST_PARTS: usize = 64;

const FLAGS: u32 = TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF | TINFL_FLAG_STOP_ON_BLOCK_BOUNDARY;
const ZLIB_FLAGS: u32 = FLAGS | TINFL_FLAG_PARSE_ZLIB_HEADER | TINFL_FLAG_COMPUTE_ADLER32;

/// Unpacks the members of gzip, one after the other, into `limit` bytes at most.
///
/// # Errors
///
/// If the body is not gzip, has too many parts, or is too large.
pub fn gzip(body: &[u8], limit: usize) -> Result<Vec<u8>, Fault> {
    let mut unpacking = Unpacking::new(body, limit);
    loop {
        unpacking.skip_gzip_header()?;
        let start = unpacking.length;
        unpacking.inflate(FLAGS)?;
        unpacking.check_gzip_trailer(start)?;
        if unpacking.packed.is_empty() {
            return Ok(unpacking.finish());
        }
    }
}

/// Unpacks zlib's format into `limit` bytes at most.
///
/// # Errors
///
/// As for [`gzip`].
pub fn zlib(body: &[u8], limit: usize) -> Result<Vec<u8>, Fault> {
    let mut unpacking = Unpacking::new(body, limit);
    unpacking.inflate(ZLIB_FLAGS)?;
    Ok(unpacking.finish())
}

/// Unpacks deflate without a format around it into `limit` bytes at most.
///
/// # Errors
///
/// As for [`gzip`].
pub fn deflate(body: &[u8], limit: usize) -> Result<Vec<u8>, Fault> {
    let mut unpacking = Unpacking::new(body, limit);
    unpacking.inflate(FLAGS)?;
    Ok(unpacking.finish())
}

/// A body while it is unpacked.
struct Unpacking<'a> {
    packed: &'a [u8],
    /// The unpacked bytes, and room for more.
    body: Vec<u8>,
    /// Number of unpacked bytes.
    length: usize,
    limit: usize,
    /// Number of parts still allowed.
    parts: usize,
}

impl<'a> Unpacking<'a> {
    fn new(packed: &'a [u8], limit: usize) -> Self {
        let body = vec![0; packed.len().saturating_mul(4).max(PART_BYTES).min(limit + 1)];
        Self { packed, body, length: 0, limit, parts: (limit / PART_BYTES).max(LEAST_PARTS) }
    }

    fn finish(mut self) -> Vec<u8> {
        self.body.truncate(self.length);
        self.body
    }

    fn count_part(&mut self) -> Result<(), Fault> {
        self.parts = self.parts.checked_sub(1).ok_or(Fault::Invalid("it has too many parts"))?;
        Ok(())
    }

    /// Unpacks one stream of deflate to its end.
    fn inflate(&mut self, flags: u32) -> Result<(), Fault> {
        let start = self.length;
        let mut state = Box::<DecompressorOxide>::default();
        loop {
            let (into, at) = (&mut self.body[start..], self.length - start);
            let (status, read, written) = decompress(&mut state, self.packed, into, at, flags);
            self.packed = &self.packed[read..];
            self.length += written;
            if self.length > self.limit {
                return Err(Fault::TooLarge);
            }
            match status {
                TINFLStatus::Done => return self.count_part(),
                TINFLStatus::BlockBoundary => self.count_part()?,
                TINFLStatus::HasMoreOutput => {
                    let more = (2 * self.body.len()).min(self.limit + 1);
                    self.body.resize(more, 0);
                }
                TINFLStatus::FailedCannotMakeProgress | TINFLStatus::NeedsMoreInput => {
                    return Err(Fault::Invalid("it ends early"));
                }
                _ => return Err(Fault::Invalid("it is damaged")),
            }
        }
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], Fault> {
        let (taken, rest) =
            self.packed.split_at_checked(length).ok_or(Fault::Invalid("it ends early"))?;
        self.packed = rest;
        Ok(taken)
    }

    /// Passes over a member's header (RFC 1952, section 2.3).
    fn skip_gzip_header(&mut self) -> Result<(), Fault> {
        let &[0x1f, 0x8b, 8, flags, ..] = self.take(10)? else {
            return Err(Fault::Invalid("it does not begin as such"));
        };
        let has = |bit: u8| flags & (1 << bit) != 0;
        if has(2) {
            let length = self.take(2)?;
            self.take(usize::from(u16::from_le_bytes([length[0], length[1]])))?;
        }
        // The file's name, and a comment.
        for _ in [3, 4].into_iter().filter(|bit| has(*bit)) {
            let end = self.packed.iter().position(|byte| *byte == 0);
            self.take(end.ok_or(Fault::Invalid("it ends early"))? + 1)?;
        }
        if has(1) {
            self.take(2)?;
        }
        Ok(())
    }

    /// Checks the checksum and length at the end of a member. Its contents begin at `start`.
    fn check_gzip_trailer(&mut self, start: usize) -> Result<(), Fault> {
        let contents = &self.body[start..self.length];
        let mut crc = Crc::new();
        crc.update(contents);
        let expected = [crc.sum().to_le_bytes(), (contents.len() as u32).to_le_bytes()].concat();
        let found = self.take(8)?;
        if found == expected { Ok(()) } else { Err(Fault::Invalid("its checksum is wrong")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, GzBuilder};
    use std::io::Write;

    #[test]
    fn all_of_a_header_is_passed_over() {
        let builder = GzBuilder::new().filename("a").comment("b").extra([1; 300]);
        let mut encoder = builder.write(Vec::new(), Compression::best());
        encoder.write_all(b"body").unwrap();
        let mut packed = encoder.finish().unwrap();
        assert_eq!(gzip(&packed, 100).unwrap(), b"body");
        // A checksum of the header comes last in it.
        packed[3] |= 2;
        let end = packed.windows(2).position(|pair| pair == b"b\0").unwrap() + 2;
        packed.splice(end..end, [0, 0]);
        assert_eq!(gzip(&packed, 100).unwrap(), b"body");
    }

    #[test]
    fn a_member_with_a_wrong_checksum_is_refused() {
        let mut encoder = GzBuilder::new().write(Vec::new(), Compression::best());
        encoder.write_all(b"body").unwrap();
        let packed = encoder.finish().unwrap();
        for cut in 0..packed.len() {
            assert!(gzip(&packed[..cut], 100).is_err(), "{cut}");
        }
        for place in packed.len() - 8..packed.len() {
            let mut packed = packed.clone();
            packed[place] ^= 1;
            assert_eq!(gzip(&packed, 100), Err(Fault::Invalid("its checksum is wrong")));
        }
    }

    /// Many blocks are unpacked whole, although the room for them grows many times.
    #[test]
    fn a_body_of_many_blocks_is_as_it_was() {
        let body: Vec<u8> = (0..300_000u64).map(|number| ((number * number) >> 7) as u8).collect();
        let mut encoder = GzBuilder::new().write(Vec::new(), Compression::fast());
        for piece in body.chunks(20_000) {
            encoder.write_all(piece).unwrap();
            encoder.flush().unwrap();
        }
        let packed = encoder.finish().unwrap();
        assert_eq!(gzip(&packed, 1 << 20).unwrap(), body);
        assert_eq!(gzip(&packed, body.len() - 1), Err(Fault::TooLarge));
    }
}
