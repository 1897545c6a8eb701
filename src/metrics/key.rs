//! The keys of the counters: `2/<kind>/<label>/…`.
//!
//! Labels and buckets are in the key, and numbers in the counter. Keys keep to the letters that
//! every store takes, `[-/_=.a-zA-Z0-9]`, with no dot at either end: other bytes of a label become
//! `=` and two digits. The leading 2 is the version of this form: counters that an older or a newer
//! service left in a lasting store are not misread.

use super::word::{Layout, MAX_FIELDS};
use std::borrow::Cow;
use std::fmt::Write;

/// What one counter counts. Buckets are indices into the bounds of `buckets`.
#[derive(Clone, Debug, PartialEq)]
pub enum Key<'a> {
    /// HTTP exchanges. Field: count.
    Exchange(Http<'a>),
    /// HTTP exchanges that carried one prediction, the usual case: one increment tells all. Fields:
    /// confidence, count, inference.
    Prediction { http: Http<'a>, class: Class<'a>, inference: usize },
    /// Sums over the exchanges of a route and method. Fields: request bytes, response bytes,
    /// duration.
    Sums { handler: Cow<'a, str>, method: Cow<'a, str> },
    /// Outcomes of calls that had more than one. Fields: confidence, count.
    Outcome(Class<'a>),
    /// Calls into the model that had more than one outcome. Fields: inference, count.
    Call { model: Cow<'a, str>, version: Cow<'a, str>, inference: usize },
    /// Values that were refused or unusual. Field: count.
    Invalid { feature: Cow<'a, str>, reason: Cow<'a, str> },
    /// Sampled values by the bin of the model's reference. Field: count.
    Bin { model: Cow<'a, str>, version: Cow<'a, str>, feature: Cow<'a, str>, bin: usize },
}

#[derive(Clone, Debug, PartialEq)]
pub struct Http<'a> {
    pub handler: Cow<'a, str>,
    pub method: Cow<'a, str>,
    /// The first digit of the status.
    pub status: usize,
    pub duration: usize,
}

/// An outcome of the model.
#[derive(Clone, Debug, PartialEq)]
pub struct Class<'a> {
    pub model: Cow<'a, str>,
    pub version: Cow<'a, str>,
    pub prediction: Cow<'a, str>,
    /// None where the model states no confidence.
    pub confidence: Option<usize>,
}

// No field lies on both sides of bit 34, because the bridge to wasmCloud keeps the bits below and
// those above in a number of their own. With bodies of 60 bytes, a duration of 200 µs, an inference
// of 3 µs and a confidence near one, some request in 160 carries: bytes once in 500, count and
// inference once in 1,000, the rest seldom. Large, and one more increment, are bodies of 1 KiB,
// inferences of 102 µs and durations of 4 s.
static COUNT: Layout = Layout(&[34]);
static PREDICTION: Layout = Layout(&[34, 12, 17]);
static SUMS: Layout = Layout(&[17, 17, 29]);
static OUTCOME: Layout = Layout(&[34, 29]);
static CALL: Layout = Layout(&[34, 29]);

const VERSION: &str = "2";

impl Key<'_> {
    pub fn layout(&self) -> &'static Layout {
        match self {
            Self::Exchange(_) | Self::Invalid { .. } | Self::Bin { .. } => &COUNT,
            Self::Prediction { .. } => &PREDICTION,
            Self::Sums { .. } => &SUMS,
            Self::Outcome(_) => &OUTCOME,
            Self::Call { .. } => &CALL,
        }
    }

    pub fn encode(&self) -> String {
        let mut path = Path::new();
        match self {
            Self::Exchange(http) => path.kind("h").http(http),
            Self::Prediction { http, class, inference } => {
                path.kind("p").http(http).class(class).number(*inference)
            }
            Self::Sums { handler, method } => path.kind("s").label(handler).label(method),
            Self::Outcome(class) => path.kind("o").class(class),
            Self::Call { model, version, inference } => {
                path.kind("c").label(model).label(version).number(*inference)
            }
            Self::Invalid { feature, reason } => path.kind("i").label(feature).label(reason),
            Self::Bin { model, version, feature, bin } => {
                path.kind("b").label(model).label(version).label(feature).number(*bin)
            }
        };
        path.0
    }

    /// None for a key that is not of this form, or is that of a part.
    pub fn decode(key: &str) -> Option<Key<'_>> {
        let mut parts = Parts(key.split('/'));
        if parts.0.next()? != VERSION {
            return None;
        }
        let key = match parts.0.next()? {
            "h" => Key::Exchange(parts.http()?),
            "p" => Key::Prediction {
                http: parts.http()?,
                class: parts.class()?,
                inference: parts.number()?,
            },
            "s" => Key::Sums { handler: parts.label()?, method: parts.label()? },
            "o" => Key::Outcome(parts.class()?),
            "c" => Key::Call {
                model: parts.label()?,
                version: parts.label()?,
                inference: parts.number()?,
            },
            "i" => Key::Invalid { feature: parts.label()?, reason: parts.label()? },
            "b" => Key::Bin {
                model: parts.label()?,
                version: parts.label()?,
                feature: parts.label()?,
                bin: parts.number()?,
            },
            _ => return None,
        };
        parts.0.next().is_none().then_some(key)
    }
}

/// The layout of the word at a key; none if no word is there.
pub fn layout(key: &str) -> Option<&'static Layout> {
    Key::decode(key).map(|key| key.layout())
}

/// A counter beside a word, of one of its fields.
#[derive(Debug, PartialEq)]
pub enum Part {
    /// What was carried out of the field, in units.
    Carry(usize),
    /// What was too large for it, in grains.
    Large(usize),
}

pub fn carry(key: &str, field: usize) -> String {
    format!("{key}/={field}")
}

pub fn large(key: &str, field: usize) -> String {
    format!("{key}/={}", MAX_FIELDS + field)
}

/// The word's key, and which part of it is there; none if `key` is a word's own. A label is never a
/// lone `=` and a digit, so that this tells parts from words.
pub fn part(key: &str) -> Option<(&str, Part)> {
    let (word, last) = key.rsplit_once('/')?;
    let number: usize = last.strip_prefix('=').filter(|digit| digit.len() == 1)?.parse().ok()?;
    let part = match number.checked_sub(MAX_FIELDS) {
        None => Part::Carry(number),
        Some(field) if field < MAX_FIELDS => Part::Large(field),
        Some(_) => return None,
    };
    word.starts_with(VERSION).then_some((word, part))
}

/// The key of a counter that the store lists as one of its shards.
pub fn without_shard(name: &str) -> &str {
    name.split_once('+').map_or(name, |(key, _)| key)
}

/// A key in the making.
struct Path(String);

impl Path {
    fn new() -> Self {
        let mut path = String::with_capacity(128);
        path.push_str(VERSION);
        Self(path)
    }

    fn kind(&mut self, kind: &str) -> &mut Self {
        self.0.push('/');
        self.0.push_str(kind);
        self
    }

    fn http(&mut self, http: &Http) -> &mut Self {
        self.label(&http.handler).label(&http.method).number(http.status).number(http.duration)
    }

    fn class(&mut self, class: &Class) -> &mut Self {
        self.label(&class.model).label(&class.version).label(&class.prediction);
        match class.confidence {
            Some(bucket) => self.number(bucket),
            None => self.kind("-"),
        }
    }

    fn number(&mut self, number: usize) -> &mut Self {
        write!(self.0, "/{number}").expect("a string takes all");
        self
    }

    fn label(&mut self, label: &str) -> &mut Self {
        self.0.push('/');
        for byte in label.bytes() {
            match byte {
                b'-' | b'_' | b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => self.0.push(byte.into()),
                _ => write!(self.0, "={byte:02x}").expect("a string takes all"),
            }
        }
        self
    }
}

/// The parts of a key that are not read yet.
struct Parts<'a>(std::str::Split<'a, char>);

impl<'a> Parts<'a> {
    fn http(&mut self) -> Option<Http<'a>> {
        Some(Http {
            handler: self.label()?,
            method: self.label()?,
            status: self.number()?,
            duration: self.number()?,
        })
    }

    fn class(&mut self) -> Option<Class<'a>> {
        Some(Class {
            model: self.label()?,
            version: self.label()?,
            prediction: self.label()?,
            confidence: match self.0.next()? {
                "-" => None,
                bucket => Some(bucket.parse().ok()?),
            },
        })
    }

    fn number(&mut self) -> Option<usize> {
        self.0.next()?.parse().ok()
    }

    fn label(&mut self) -> Option<Cow<'a, str>> {
        let part = self.0.next()?;
        if !part.contains('=') {
            return Some(Cow::Borrowed(part));
        }
        let mut pieces = part.split('=');
        let mut label = pieces.next()?.as_bytes().to_vec();
        for piece in pieces {
            label.push(u8::from_str_radix(piece.get(..2)?, 16).ok()?);
            label.extend_from_slice(&piece.as_bytes()[2..]);
        }
        String::from_utf8(label).ok().map(Cow::Owned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasmcloud_counters::LOW_BITS;

    fn class(prediction: &str) -> Class<'_> {
        Class {
            model: "heart-risk-demo".into(),
            version: "v1.0.0".into(),
            prediction: prediction.into(),
            confidence: Some(8),
        }
    }

    #[test]
    fn a_key_comes_back_as_it_was() {
        let key = Key::Prediction {
            http: Http {
                handler: "/predict".into(),
                method: "POST".into(),
                status: 2,
                duration: 1,
            },
            class: class("Hoch/niedrig = 50 % \u{2264}."),
            inference: 2,
        };
        assert_eq!(Key::decode(&key.encode()), Some(key));
    }

    #[test]
    fn an_outcome_without_confidence_comes_back_as_it_was() {
        let key = Key::Outcome(Class { confidence: None, ..class("") });
        assert_eq!(Key::decode(&key.encode()), Some(key));
    }

    #[test]
    fn keys_have_only_letters_that_every_store_takes() {
        let key = Key::Outcome(class("ß. *\u{0}>")).encode();
        assert!(key.bytes().all(|b| b.is_ascii_alphanumeric() || b"-/_=.".contains(&b)), "{key}");
    }

    #[test]
    fn a_part_is_no_word_and_tells_its_word() {
        let key = Key::Outcome(class("High Risk")).encode();
        for (name, expected) in [(carry(&key, 1), Part::Carry(1)), (large(&key, 2), Part::Large(2))]
        {
            assert_eq!(part(&name), Some((key.as_str(), expected)));
            assert!(layout(&name).is_none());
        }
        assert_eq!(part(&key), None);
    }

    #[test]
    fn a_label_that_looks_like_a_part_is_none() {
        let key = Key::Invalid { feature: "age".into(), reason: "=0".into() }.encode();
        assert_eq!(part(&key), None);
    }

    #[test]
    fn keys_of_others_are_left_alone() {
        for key in ["", "visits", "1/h/a/b/2/0", "2/h/a/b/2", "2/h/a/b/2/0/0", "2/z/a", "2/i/=4/b"]
        {
            assert_eq!(layout(key).map(|layout| layout.0), None, "{key}");
        }
    }

    static LAYOUTS: [&Layout; 5] = [&COUNT, &PREDICTION, &SUMS, &OUTCOME, &CALL];

    #[test]
    fn a_layout_has_at_most_63_bits() {
        for layout in LAYOUTS {
            assert!(layout.0.iter().sum::<u32>() <= 63, "{layout:?}");
        }
    }

    #[test]
    fn no_field_lies_in_both_of_the_numbers_that_the_bridge_keeps() {
        for layout in LAYOUTS {
            let mut end = 0;
            for width in layout.0 {
                let start = end;
                end += width;
                assert!(end <= LOW_BITS || start >= LOW_BITS, "{layout:?}");
            }
        }
    }

    #[test]
    fn the_shards_of_a_counter_have_its_key() {
        let key = Key::Outcome(class("High Risk+")).encode();
        assert_eq!(without_shard(&format!("{key}+a1b2")), key);
        assert_eq!(without_shard(&key), key);
    }
}
