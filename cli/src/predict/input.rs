//! Reads rows in blocks, each of whole rows.

use super::parquet;
use anyhow::{Context, Result, bail, ensure};
use memchr::{memchr, memrchr, memrchr2};
use model_api_import::card::table::unpacked;
use std::fs::{File, Metadata};
use std::io::{self, BufRead, BufReader, Read, Seek};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The number of bytes read for a block.
const BLOCK: usize = 1 << 20;

/// The longest row, in bytes. A quote without its end would make one row of a whole file.
const LONGEST_ROW: usize = 64 << 20;

/// The form of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A header, and lines of cells with this byte between two.
    Csv {
        /// The separator.
        separator: u8,
    },
    /// A line of JSON for each row.
    Ndjson,
}

/// A file of rows.
pub struct Input {
    rows: Box<dyn BufRead + Send>,
    /// The bytes after the last row of a block.
    held: Vec<u8>,
    is_over: bool,
    /// The number of bytes read of the file, before they are unpacked.
    pub read: Arc<AtomicU64>,
    /// The length of the file in bytes, if it has one.
    pub length: Option<u64>,
}

impl Input {
    /// Opens a file, or standard input for `-`. Reads its first bytes.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    pub fn open(path: &Path) -> Result<Self> {
        let read = Arc::new(AtomicU64::new(0));
        let (file, length): (Box<dyn Read + Send>, _) = match path.to_str() {
            Some("-") => (Box::new(io::stdin()), None),
            _ => {
                let mut file = File::open(path)?;
                let length = file.metadata().ok().filter(Metadata::is_file).map(|file| file.len());
                if let Some(length) = length
                    && begins_with(&mut file, parquet::MAGIC)?
                {
                    let lines = parquet::Lines::open(file, length, read.clone())?;
                    return Self::begin(Box::new(BufReader::new(lines)), read, Some(length));
                }
                (Box::new(file), length)
            }
        };
        let counted = Counted { file, read: read.clone() };
        let rows = unpacked(BufReader::with_capacity(BLOCK, counted))?;
        let input = Self::begin(rows, read, length)?;
        let is_parquet = input.start().starts_with(parquet::MAGIC);
        ensure!(!is_parquet, "it is Parquet in a stream: name the file itself with --input");
        Ok(input)
    }

    /// Reads the first bytes: the header, or the keys of the first row.
    fn begin(
        rows: Box<dyn BufRead + Send>,
        read: Arc<AtomicU64>,
        length: Option<u64>,
    ) -> Result<Self> {
        let mut input = Self { rows, held: Vec::new(), is_over: false, read, length };
        while !input.is_over
            && memchr(b'\n', &input.held).is_none()
            && input.held.len() <= LONGEST_ROW
        {
            input.read_more()?;
        }
        Ok(input)
    }

    /// Returns the first bytes.
    pub fn start(&self) -> &[u8] {
        &self.held
    }

    /// Passes over the first bytes.
    pub fn skip(&mut self, bytes: usize) {
        self.held.drain(..bytes);
    }

    /// Returns the next rows, at least one; none at the end.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, or a row is too long.
    pub fn block(&mut self, form: Form) -> Result<Option<Vec<u8>>> {
        if self.held.len() < BLOCK && !self.is_over {
            self.read_more()?;
        }
        loop {
            let end = if self.is_over { Some(self.held.len()) } else { last_end(&self.held, form) };
            ensure!(
                !self.is_over || !is_open(&self.held, form),
                "it ends between quotes: a quote in its last rows has no end"
            );
            if let Some(end) = end {
                let rest = self.held.split_off(end);
                let rows = std::mem::replace(&mut self.held, rest);
                return Ok(Some(rows).filter(|rows| !rows.is_empty()));
            }
            if self.held.len() > LONGEST_ROW {
                bail!(
                    "a row has more than {} MiB; is there a quote without its end?",
                    LONGEST_ROW >> 20
                );
            }
            self.read_more()?;
        }
    }

    fn read_more(&mut self) -> Result<()> {
        let before = self.held.len();
        let read = self.rows.by_ref().take(BLOCK as u64).read_to_end(&mut self.held);
        read.context("cannot be read")?;
        self.is_over = self.held.len() < before + BLOCK;
        Ok(())
    }
}

/// True if a file begins with these bytes. It is read from its start then.
fn begins_with(file: &mut File, magic: &[u8]) -> io::Result<bool> {
    let mut start = Vec::new();
    file.take(magic.len() as u64).read_to_end(&mut start)?;
    file.rewind()?;
    Ok(start == magic)
}

/// Returns the end of the last whole row; none without one.
fn last_end(rows: &[u8], form: Form) -> Option<usize> {
    match form {
        Form::Ndjson => memrchr(b'\n', rows).map(|place| place + 1),
        Form::Csv { .. } if memchr(b'"', rows).is_none() => {
            memrchr2(b'\n', b'\r', rows).map(|place| place + 1)
        }
        Form::Csv { separator } => scan(rows, separator).0,
    }
}

/// True if rows end between quotes.
fn is_open(rows: &[u8], form: Form) -> bool {
    match form {
        Form::Csv { separator } => scan(rows, separator).1,
        Form::Ndjson => false,
    }
}

/// Returns the end of the last whole row, and true if the rows end between quotes.
fn scan(rows: &[u8], separator: u8) -> (Option<usize>, bool) {
    #[derive(PartialEq)]
    enum At {
        Start,
        Plain,
        Quoted,
        Quote,
    }
    let (mut at, mut last) = (At::Start, None);
    for (place, byte) in rows.iter().enumerate() {
        at = match (at, *byte) {
            (At::Quoted, b'"') => At::Quote,
            (At::Quoted, _) => At::Quoted,
            // A quote inside a quoted cell is written twice.
            (At::Quote | At::Start, b'"') => At::Quoted,
            (_, b'\n' | b'\r') => {
                last = Some(place + 1);
                At::Start
            }
            (_, byte) if byte == separator => At::Start,
            _ => At::Plain,
        };
    }
    (last, at == At::Quoted)
}

/// Counts the bytes read of a file.
struct Counted {
    file: Box<dyn Read + Send>,
    read: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.read.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CSV: Form = Form::Csv { separator: b',' };

    #[test]
    fn a_block_ends_at_the_end_of_a_row() {
        for (rows, end) in [
            ("a,b\n1,2\n3,", Some(8)),
            ("1,2\r\n3", Some(5)),
            ("1,\"a\nb\"\n2,\"c\n", Some(8)),
            ("1,\"a\"\"\n\"\n", Some(9)),
            ("5\" pipe,1\n2", Some(10)),
            ("1,2", None),
            ("\"a\n", None),
        ] {
            assert_eq!(last_end(rows.as_bytes(), CSV), end, "{rows:?}");
        }
        assert_eq!(last_end(b"{\"a\":1}\n{\"a", Form::Ndjson), Some(8));
    }
}
