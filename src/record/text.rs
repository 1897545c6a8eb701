//! The two text formats of Prometheus: 0.0.4 and OpenMetrics 1.0.

use crate::http::media_type;
use crate::model::bins::number;
use std::fmt::Write;

const OPEN_METRICS: &str = "application/openmetrics-text";

/// A format of the exposition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// The text format, version 0.0.4.
    Prometheus,
    /// OpenMetrics, version 1.0.0.
    OpenMetrics,
}

impl Format {
    /// Chooses the format by the Accept header. OpenMetrics must be named without a version or with
    /// 1.0.0, with a q above 0 and not below the q of `text/plain`, as Prometheus does; all other
    /// headers get text.
    pub fn accepted(accept: Option<&str>) -> Self {
        let accept = accept.unwrap_or_default();
        let ours = |item: &&str| {
            media_type::essence(item) == OPEN_METRICS
                && media_type::parameter(item, "version").is_none_or(|version| version == "1.0.0")
        };
        let Some(item) = accept.split(',').find(ours) else { return Self::Prometheus };
        let quality = media_type::quality_of(item);
        let text = media_type::quality(accept, "text/plain").unwrap_or(0.0);
        if quality > 0.0 && quality >= text { Self::OpenMetrics } else { Self::Prometheus }
    }

    /// Returns the Content-Type header.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Prometheus => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }
}

/// The type of a family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Counter,
    Gauge,
    Histogram,
    Summary,
    /// A gauge with the constant value 1 and informative labels.
    Info,
}

/// A metric family: the samples under one HELP and one TYPE line.
pub struct Family {
    /// The name, without the suffix `_total` of counters or `_info` of infos.
    pub name: &'static str,
    pub kind: Kind,
    pub help: &'static str,
    pub samples: Vec<Sample>,
}

impl Family {
    /// Returns the name in the text format, with the suffix of counters and infos.
    pub fn full_name(&self) -> String {
        heading(Format::Prometheus, self).0
    }
}

/// A label's name and value.
pub type Label = (&'static str, String);

/// One line of the exposition: a name, labels and a value.
pub struct Sample {
    /// The end of the sample's name: `_bucket`, `_sum`, `_count`, `_total`, `_info` or nothing.
    pub suffix: &'static str,
    pub labels: Vec<Label>,
    pub value: f64,
}

impl Sample {
    // Inlining it for each family would add code.
    /// Makes a sample.
    #[inline(never)]
    pub fn new(suffix: &'static str, labels: &[(&'static str, &str)], value: f64) -> Self {
        let labels = labels.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        Self { suffix, labels, value }
    }
}

/// Writes families in the order given. A family without samples still has its HELP and TYPE lines.
pub fn write(format: Format, families: &[Family]) -> String {
    let mut text = String::with_capacity(16 * 1024);
    for family in families {
        write_family(&mut text, format, family);
    }
    if format == Format::OpenMetrics {
        text.push_str("# EOF\n");
    }
    text
}

fn write_family(text: &mut String, format: Format, family: &Family) {
    let (name, kind) = heading(format, family);
    let help = escape(family.help, format == Format::OpenMetrics);
    put(text, format_args!("# HELP {name} {help}\n# TYPE {name} {kind}\n"));
    for sample in &family.samples {
        put(text, format_args!("{}{}", family.name, sample.suffix));
        write_labels(text, &sample.labels);
        put(text, format_args!(" {}\n", number(sample.value)));
    }
}

/// Returns the family's name and type: OpenMetrics names a counter without its suffix, and has a
/// type for infos.
fn heading(format: Format, family: &Family) -> (String, &'static str) {
    let with = |suffix| format!("{}{suffix}", family.name);
    match (family.kind, format) {
        (Kind::Counter, Format::Prometheus) => (with("_total"), "counter"),
        (Kind::Counter, Format::OpenMetrics) => (with(""), "counter"),
        (Kind::Info, Format::Prometheus) => (with("_info"), "gauge"),
        (Kind::Info, Format::OpenMetrics) => (with(""), "info"),
        (Kind::Gauge, _) => (with(""), "gauge"),
        (Kind::Histogram, _) => (with(""), "histogram"),
        (Kind::Summary, _) => (with(""), "summary"),
    }
}

fn write_labels(text: &mut String, labels: &[Label]) {
    for (index, (name, value)) in labels.iter().enumerate() {
        let before = if index == 0 { '{' } else { ',' };
        put(text, format_args!("{before}{name}=\"{}\"", escape(value, true)));
    }
    if !labels.is_empty() {
        text.push('}');
    }
}

fn escape(text: &str, quotes: bool) -> String {
    let text = text.replace('\\', "\\\\").replace('\n', "\\n");
    if quotes { text.replace('"', "\\\"") } else { text }
}

fn put(text: &mut String, arguments: std::fmt::Arguments) {
    text.write_fmt(arguments).expect("a string takes all");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn family(kind: Kind, suffix: &'static str, label: &str) -> Family {
        let sample = Sample { suffix, labels: vec![("class", label.to_owned())], value: 3.0 };
        Family { name: "model_x", kind, help: "A \\ and a \"quote\".", samples: vec![sample] }
    }

    #[test]
    fn a_counter_is_headed_as_each_format_wants_it() {
        let families = [family(Kind::Counter, "_total", "High Risk")];
        assert_eq!(
            write(Format::Prometheus, &families),
            "# HELP model_x_total A \\\\ and a \"quote\".\n# TYPE model_x_total counter\n\
             model_x_total{class=\"High Risk\"} 3.0\n"
        );
        assert_eq!(
            write(Format::OpenMetrics, &families),
            "# HELP model_x A \\\\ and a \\\"quote\\\".\n# TYPE model_x counter\n\
             model_x_total{class=\"High Risk\"} 3.0\n# EOF\n"
        );
    }

    #[test]
    fn label_values_are_escaped() {
        let text = write(Format::Prometheus, &[family(Kind::Gauge, "", "a\"b\\c\nd")]);
        assert!(text.ends_with("model_x{class=\"a\\\"b\\\\c\\nd\"} 3.0\n"), "{text}");
    }
}
