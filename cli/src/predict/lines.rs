//! Writes lines of answers, as CSV or as NDJSON.

use std::path::Path;

/// The most digits of a number in a cell. A longer one is a text in JSON, as an id of 20 digits is.
const MOST_DIGITS: usize = 15;

/// The form of answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A line of cells for each answer.
    Csv,
    /// An object for each answer.
    Ndjson,
}

impl Form {
    /// Returns the form that a file's name asks for; none if it says nothing.
    pub fn of_name(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()? {
            "csv" => Some(Self::Csv),
            "ndjson" | "jsonl" => Some(Self::Ndjson),
            _ => None,
        }
    }
}

/// Lines of answers. Each has its parts in the order of the columns.
pub struct Lines {
    form: Form,
    bytes: Vec<u8>,
    /// True if the line has a part.
    is_begun: bool,
}

impl Lines {
    /// Begins without any line.
    pub fn new(form: Form) -> Self {
        Self { form, bytes: Vec::new(), is_begun: false }
    }

    /// Adds a text under a name.
    pub fn text(&mut self, name: &str, text: &str) {
        self.name(name);
        match self.form {
            Form::Csv => self.field(text),
            Form::Ndjson => self.string(text),
        }
    }

    /// Adds a value of JSON under a name.
    pub fn json(&mut self, name: &str, json: &str) {
        self.name(name);
        match self.form {
            Form::Csv => self.field(json),
            Form::Ndjson => self.bytes.extend_from_slice(json.as_bytes()),
        }
    }

    /// Adds a finite number under a name, as the service writes it.
    pub fn number(&mut self, name: &str, number: f64) {
        self.name(name);
        serde_json::to_writer(&mut self.bytes, &number).expect("memory takes it");
    }

    /// Adds a cell of a table under a name. What looks like a number is one in JSON too.
    pub fn cell(&mut self, name: &str, cell: &str) {
        // Not an exponent, which an id may look like, nor more digits than a number keeps.
        let is_number = || {
            let is_plain = cell.bytes().all(|byte| byte.is_ascii_digit() || b"-.".contains(&byte));
            is_plain && cell.len() <= MOST_DIGITS && serde_json::from_str::<f64>(cell).is_ok()
        };
        match self.form {
            Form::Ndjson if cell.is_empty() => {}
            Form::Ndjson if is_number() => self.json(name, cell),
            _ => self.text(name, cell),
        }
    }

    /// Adds nothing under a name.
    pub fn nothing(&mut self, name: &str) {
        if self.form == Form::Csv {
            self.name(name);
        }
    }

    /// Begins an object under a name. In CSV its members are cells as others.
    pub fn open(&mut self, name: &str) {
        if self.form == Form::Ndjson {
            self.name(name);
            self.is_begun = false;
        }
    }

    /// Ends the object.
    pub fn close(&mut self) {
        if self.form == Form::Ndjson {
            self.bytes.extend_from_slice(if self.is_begun { b"}" } else { b"{}" });
            self.is_begun = true;
        }
    }

    /// Moves the parts of a line to `parts`. Returns true if there is any: it may be an empty cell.
    pub fn take_parts(&mut self, parts: &mut Vec<u8>) -> bool {
        parts.append(&mut self.bytes);
        std::mem::take(&mut self.is_begun)
    }

    /// Begins a line with parts taken before.
    pub fn begin(&mut self, parts: &[u8], is_begun: bool) {
        self.bytes.extend_from_slice(parts);
        self.is_begun = is_begun;
    }

    /// Ends the line.
    pub fn end(&mut self) {
        self.bytes.extend_from_slice(match (self.form, self.is_begun) {
            (Form::Csv, _) => b"\n",
            (Form::Ndjson, true) => b"}\n",
            (Form::Ndjson, false) => b"{}\n",
        });
        self.is_begun = false;
    }

    /// Returns the lines.
    pub fn finish(self) -> Vec<u8> {
        self.bytes
    }

    /// Returns the header of these columns; nothing for a form without a header.
    pub fn header(form: Form, columns: &[String]) -> Vec<u8> {
        let mut lines = Self::new(form);
        if form == Form::Csv {
            columns.iter().for_each(|name| lines.text("", name));
            lines.end();
        }
        lines.bytes
    }

    fn name(&mut self, name: &str) {
        let is_begun = std::mem::replace(&mut self.is_begun, true);
        match (self.form, is_begun) {
            (Form::Csv, false) => {}
            (Form::Csv | Form::Ndjson, true) => self.bytes.push(b','),
            (Form::Ndjson, false) => self.bytes.push(b'{'),
        }
        if self.form == Form::Ndjson {
            self.string(name);
            self.bytes.push(b':');
        }
    }

    fn string(&mut self, text: &str) {
        serde_json::to_writer(&mut self.bytes, text).expect("memory takes it");
    }

    /// Writes a field in quotes if it needs them, by RFC 4180.
    fn field(&mut self, field: &str) {
        if field.contains([',', '"', '\n', '\r']) {
            self.bytes.push(b'"');
            self.bytes.extend_from_slice(field.replace('"', "\"\"").as_bytes());
            self.bytes.push(b'"');
        } else {
            self.bytes.extend_from_slice(field.as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_the_same_in_both_forms() {
        for (form, expected) in [
            (Form::Csv, "7,007,12E4,12345678901234567890, 7,\"High, \"\"very\"\"\",0.92,>=60,\n"),
            (
                Form::Ndjson,
                "{\"id\":7,\"code\":\"007\",\"id2\":\"12E4\",\"id3\":\"12345678901234567890\",\"blank\":\" 7\",\"prediction\":\"High, \\\"very\\\"\",\"confidence\":0.92,\
                 \"groups\":{\"age\":\">=60\"}}\n",
            ),
        ] {
            let mut lines = Lines::new(form);
            lines.cell("id", "7");
            for (name, cell) in
                [("code", "007"), ("id2", "12E4"), ("id3", "12345678901234567890"), ("blank", " 7")]
            {
                lines.cell(name, cell);
            }
            let mut parts = Vec::new();
            let is_begun = lines.take_parts(&mut parts);
            lines.begin(&parts, is_begun);
            lines.text("prediction", "High, \"very\"");
            lines.number("confidence", 0.92);
            lines.open("groups");
            lines.text("age", ">=60");
            lines.close();
            lines.nothing("refused");
            lines.end();
            assert_eq!(String::from_utf8(lines.finish()).unwrap(), expected);
        }
    }

    #[test]
    fn an_answer_without_anything_is_an_empty_object() {
        let mut lines = Lines::new(Form::Ndjson);
        lines.nothing("refused");
        lines.end();
        assert_eq!(lines.finish(), b"{}\n");
    }

    #[test]
    fn a_line_may_begin_with_an_empty_cell() {
        let (mut lines, mut parts) = (Lines::new(Form::Csv), Vec::new());
        lines.cell("id", "");
        let is_begun = lines.take_parts(&mut parts);
        lines.begin(&parts, is_begun);
        lines.text("prediction", "a");
        lines.end();
        assert_eq!(lines.finish(), b",a\n");
    }
}
