//! Converts UBJSON (<https://ubjson.org>) to JSON text. XGBoost writes `.ubj` files in this binary
//! form of JSON.

use anyhow::{Context, Result, bail, ensure};
use std::fmt::Write;

/// The limit on nesting.
const MAX_DEPTH: usize = 64;

/// Writes a document as JSON. NaN and infinities become null.
///
/// # Errors
///
/// If the document is cut off, nested too deeply, or no UBJSON.
pub fn to_json(bytes: &[u8]) -> Result<String> {
    let mut reader = Reader { bytes, json: String::with_capacity(bytes.len() * 2) };
    let marker = reader.byte()?;
    reader.value(marker, 0)?;
    Ok(reader.json)
}

struct Reader<'b> {
    bytes: &'b [u8],
    json: String,
}

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N]> {
        let (first, rest) = self.bytes.split_first_chunk().context("it is cut off")?;
        self.bytes = rest;
        Ok(*first)
    }

    fn byte(&mut self) -> Result<u8> {
        Ok(self.take::<1>()?[0])
    }

    fn value(&mut self, marker: u8, depth: usize) -> Result<()> {
        ensure!(depth < MAX_DEPTH, "it is nested deeper than {MAX_DEPTH}");
        match marker {
            b'{' => self.container(*b"{}", depth),
            b'[' => self.container(*b"[]", depth),
            b'S' => {
                let text = self.text()?;
                self.json.push_str(&serde_json::to_string(&text)?);
                Ok(())
            }
            b'T' => self.plain("true"),
            b'F' => self.plain("false"),
            b'Z' | b'N' => self.plain("null"),
            b'd' => {
                let value = f32::from_be_bytes(self.take()?);
                self.number(value, value.is_finite())
            }
            b'D' => {
                let value = f64::from_be_bytes(self.take()?);
                self.number(value, value.is_finite())
            }
            b'i' | b'U' | b'I' | b'l' | b'L' => {
                let value = self.integer(marker)?;
                self.number(value, true)
            }
            other => bail!("it has the unknown marker {:?}", char::from(other)),
        }
    }

    fn plain(&mut self, word: &str) -> Result<()> {
        self.json.push_str(word);
        Ok(())
    }

    fn number(&mut self, value: impl std::fmt::Display, is_finite: bool) -> Result<()> {
        if is_finite {
            write!(self.json, "{value}")?;
        } else {
            self.json.push_str("null");
        }
        Ok(())
    }

    fn integer(&mut self, marker: u8) -> Result<i64> {
        Ok(match marker {
            b'i' => i64::from(i8::from_be_bytes(self.take()?)),
            b'U' => i64::from(self.byte()?),
            b'I' => i64::from(i16::from_be_bytes(self.take()?)),
            b'l' => i64::from(i32::from_be_bytes(self.take()?)),
            b'L' => i64::from_be_bytes(self.take()?),
            other => bail!("it has {:?} for a length", char::from(other)),
        })
    }

    fn length(&mut self) -> Result<usize> {
        let marker = self.byte()?;
        let length = usize::try_from(self.integer(marker)?).context("it has a negative length")?;
        // Each value has at least one byte.
        ensure!(length <= self.bytes.len(), "it is cut off");
        Ok(length)
    }

    fn text(&mut self) -> Result<String> {
        let length = self.length()?;
        let (text, rest) = self.bytes.split_at(length);
        self.bytes = rest;
        String::from_utf8(text.to_vec()).context("a text of it is not UTF-8")
    }

    /// Reads the common type of a container's values, and their number. Each is none if the
    /// container lacks it.
    fn header(&mut self) -> Result<(Option<u8>, Option<usize>)> {
        let mut kind = None;
        if self.bytes.first() == Some(&b'$') {
            self.byte()?;
            let of_all = self.byte()?;
            // A few bytes describe such an array of any length, and XGBoost writes none.
            ensure!(!b"TFZN".contains(&of_all), "it has an array of constants");
            kind = Some(of_all);
        }
        if self.bytes.first() == Some(&b'#') {
            self.byte()?;
            return Ok((kind, Some(self.length()?)));
        }
        ensure!(kind.is_none(), "it has a typed container without a length");
        Ok((None, None))
    }

    /// True if the container has one more value.
    fn has_next(&mut self, index: usize, count: Option<usize>, end: u8) -> Result<bool> {
        match count {
            Some(count) => Ok(index < count),
            None if self.bytes.first() == Some(&end) => self.byte().map(|_| false),
            None => Ok(true),
        }
    }

    /// Reads an array, or an object: then each value has a key.
    fn container(&mut self, [open, close]: [u8; 2], depth: usize) -> Result<()> {
        let (kind, count) = self.header()?;
        self.json.push(char::from(open));
        let mut index = 0;
        while self.has_next(index, count, close)? {
            if index > 0 {
                self.json.push(',');
            }
            if open == b'{' {
                let key = self.text()?;
                self.json.push_str(&serde_json::to_string(&key)?);
                self.json.push(':');
            }
            let marker = kind.map_or_else(|| self.byte(), Ok)?;
            self.value(marker, depth + 1)?;
            index += 1;
        }
        self.json.push(char::from(close));
        Ok(())
    }
}
