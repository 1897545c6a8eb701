//! A strict reader of Prometheus' text format 0.0.4: what a scraper would let pass, it does not.

use std::collections::{BTreeMap, BTreeSet};

/// Sample values by name and labels, as they stand: `name{a="b"}`.
#[derive(Debug)]
pub struct Exposition {
    samples: BTreeMap<String, f64>,
    /// Families by name, with their type.
    families: BTreeMap<String, String>,
}

impl Exposition {
    /// Reads a whole exposition.
    ///
    /// Panics where it is wrong: a line that is no sample and no heading, a family without HELP or
    /// TYPE or in two places, a sample that comes twice or under the wrong heading, a histogram
    /// whose buckets fall or whose last one is not its count.
    pub fn parse(text: &str) -> Self {
        assert!(text.ends_with('\n'), "the last line does not end");
        let mut read = Self { samples: BTreeMap::new(), families: BTreeMap::new() };
        let mut helped = BTreeSet::new();
        let mut current = String::new();
        for line in text.lines() {
            if let Some(help) = line.strip_prefix("# HELP ") {
                current = help.split(' ').next().unwrap().to_owned();
                assert!(helped.insert(current.clone()), "{current} has two HELP lines");
            } else if let Some(heading) = line.strip_prefix("# TYPE ") {
                let (name, kind) = heading.split_once(' ').expect("TYPE has a name and a type");
                assert_eq!(name, current, "TYPE does not follow its HELP");
                read.families.insert(name.to_owned(), kind.to_owned());
            } else {
                read.sample(line, &current);
            }
        }
        read.check_histograms();
        read
    }

    fn sample(&mut self, line: &str, family: &str) {
        let (series, value) = line.rsplit_once(' ').expect("a sample has a value");
        let name = series.split('{').next().unwrap();
        let kind = self.families.get(family).unwrap_or_else(|| panic!("{line} has no TYPE"));
        let suffix = name.strip_prefix(family).unwrap_or_else(|| panic!("{line} under {family}"));
        let allowed: &[&str] = match kind.as_str() {
            "counter" | "gauge" => &[""],
            "histogram" => &["_bucket", "_sum", "_count"],
            "summary" => &["_sum", "_count"],
            _ => panic!("{family} is of an unknown type"),
        };
        assert!(allowed.contains(&suffix), "{line} in a {kind}");
        check_labels(&series[name.len()..]);
        let value = value.parse().unwrap_or_else(|_| panic!("{line} has no number"));
        let twice = self.samples.insert(series.to_owned(), value);
        assert!(twice.is_none(), "{series} comes twice");
    }

    fn check_histograms(&self) {
        for (family, _) in self.families.iter().filter(|(_, kind)| *kind == "histogram") {
            let counts = format!("{family}_count");
            for (series, count) in self.series(&counts) {
                let labels = &series[counts.len()..];
                let buckets = self.buckets(family, labels);
                assert!(buckets.is_sorted(), "{family}{labels} is not cumulative: {buckets:?}");
                let last = buckets.last().copied();
                assert_eq!(
                    last,
                    Some((f64::INFINITY, count)),
                    "{family}{labels}: +Inf is not the count"
                );
                assert!(self.samples.contains_key(&format!("{family}_sum{labels}")));
            }
        }
    }

    /// Bounds and cumulative counts of one histogram, by rising bound.
    fn buckets(&self, family: &str, labels: &str) -> Vec<(f64, f64)> {
        let head = match labels.strip_suffix('}') {
            Some(labels) => format!("{family}_bucket{labels},le=\""),
            None => format!("{family}_bucket{{le=\""),
        };
        let bound = |series: &str| {
            series.strip_prefix(&head)?.strip_suffix("\"}")?.replace("+Inf", "inf").parse().ok()
        };
        let mut buckets: Vec<(f64, f64)> =
            self.samples.iter().filter_map(|(series, n)| Some((bound(series)?, *n))).collect();
        buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
        buckets
    }

    fn series<'a>(&'a self, name: &'a str) -> impl Iterator<Item = (&'a str, f64)> {
        let named = move |series: &&String| series.split('{').next() == Some(name);
        let samples = self.samples.iter().filter(move |(series, _)| named(series));
        samples.map(|(series, value)| (series.as_str(), *value))
    }

    /// The value of one series; 0 if it is not there.
    pub fn value(&self, series: &str) -> f64 {
        self.samples.get(series).copied().unwrap_or(0.0)
    }

    /// The sum over all series of that name whose labels contain `part`.
    pub fn sum(&self, name: &str, part: &str) -> f64 {
        self.sum_of(name, |series| series.contains(part))
    }

    /// The sum over the chosen series of that name.
    pub fn sum_of(&self, name: &str, is_chosen: impl Fn(&str) -> bool) -> f64 {
        self.series(name).filter(|(series, _)| is_chosen(series)).map(|(_, value)| value).sum()
    }

    /// Every family with its type.
    pub fn kinds(&self) -> Vec<(&str, &str)> {
        self.families.iter().map(|(name, kind)| (name.as_str(), kind.as_str())).collect()
    }
}

/// `{a="b",c="d"}` or nothing, with every quote, backslash and line break escaped.
fn check_labels(labels: &str) {
    let Some(mut rest) = labels.strip_prefix('{') else {
        return assert!(labels.is_empty(), "labels {labels}");
    };
    let mut names = BTreeSet::new();
    loop {
        let (name, value) = rest.split_once("=\"").unwrap_or_else(|| panic!("labels {labels}"));
        assert!(names.insert(name), "label {name} comes twice in {labels}");
        let end = closing_quote(value).unwrap_or_else(|| panic!("an open quote in {labels}"));
        match value[end + 1..].strip_prefix(',') {
            Some(next) => rest = next,
            None => return assert_eq!(&value[end + 1..], "}", "labels {labels}"),
        }
    }
}

fn closing_quote(value: &str) -> Option<usize> {
    let mut escaped = false;
    value.char_indices().find_map(|(index, character)| {
        let closes = character == '"' && !escaped;
        escaped = character == '\\' && !escaped;
        closes.then_some(index)
    })
}
