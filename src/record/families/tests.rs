use super::*;
use crate::model::{
    FeatureNotes, Kind, Measure, MissingPolicy, NumberBin, NumberRange, OutcomeNotes, OutputKind,
    OutputNotes, Performance, QuantityRange, Reference, ReferenceBins, Subgroup, UnusualPolicy,
};
use crate::platform::store::Counters;
use crate::record::buckets::CONFIDENCE;
use crate::record::count::count;
use crate::record::drift::Bins;
use crate::record::memory::{Listing, Memory};
use crate::record::observed::{Inference, Observed, Predicted};
use crate::record::text::{Format, write};
use crate::record::totals::totals;
use crate::serve::Exchange;
use crate::validate::Counts;
use exposition::Exposition;
use proptest::prelude::*;
use std::time::Duration;

#[path = "../../../tests/support/exposition.rs"]
mod exposition;

fn signature() -> Signature {
    let range =
        NumberRange { minimum: 0.0, maximum: 130.0, whole: false, missing_values: Vec::new() };
    Signature {
        name: "m".into(),
        version: "v1".into(),
        features: vec![crate::model::Feature {
            name: "age".into(),
            kind: Kind::Number(range),
            missing: MissingPolicy::Refuse,
            unusual: UnusualPolicy::Refuse,
            group: Some(vec![65.0]),
        }],
    }
}

fn description() -> Description {
    let bins = [(60.0, 0.6), (f64::INFINITY, 0.4)];
    let bins = bins.map(|(upper, share)| NumberBin { upper, share });
    let wait = QuantityRange { unit: "min".into(), minimum: 0.0, maximum: f64::INFINITY };
    let output = |name: &str, kind| OutputNotes {
        name: name.into(),
        description: String::new(),
        reference: Some(match kind {
            OutputKind::Classes(_) => ReferenceBins::Category(vec![0.6, 0.4, 0.0]),
            OutputKind::Quantity(_) => ReferenceBins::Number(bins.into()),
        }),
        kind,
        positive: Some(1),
    };
    Description {
        summary: String::new(),
        source: String::new(),
        license: "Apache-2.0 \"or\"\nlater\\".into(),
        population: String::new(),
        limits: String::new(),
        precision: "float64".into(),
        digest: String::new(),
        features: vec![FeatureNotes {
            description: String::new(),
            unit: String::new(),
            other_units: Vec::new(),
            missing: String::new(),
            reference: Some(Reference { bins: ReferenceBins::Number(bins.into()), missing: 0.0 }),
        }],
        outputs: vec![
            output("risk", OutputKind::Classes(vec!["a".into(), "b".into()])),
            output("wait", OutputKind::Quantity(wait)),
        ],
        statements: Vec::new(),
        examples: Vec::new(),
        explanation: None,
        outcome: Some(OutcomeNotes {
            truth: String::new(),
            horizon_days: 30,
            versions: vec!["v0".into()],
            data: String::new(),
            performance: vec![Performance {
                output: 0,
                measure: Measure::Sensitivity,
                class: Some(1),
                group: Some(Subgroup { feature: 0, place: 1 }),
                value: 0.75,
                people: 12,
            }],
            calibration: Vec::new(),
        }),
    }
}

fn scrape(store: &impl Counters, format: Format) -> String {
    let (signature, description) = (signature(), description());
    let (drift_sample_interval, predicting) = (16, &["/predict"][..]);
    let context = Context {
        signature: &signature,
        description: &description,
        drift_sample_interval,
        takes_outcomes: true,
        predicting,
    };
    write(format, &Stats::new(&totals(store).unwrap(), &context).families())
}

fn exchange(status: u16, micros: u64, request_bytes: usize) -> Exchange {
    let duration = Duration::from_micros(micros);
    Exchange {
        handler: "/predict",
        method: "POST",
        status,
        duration,
        request_bytes,
        response_bytes: 7,
    }
}

fn inference(predicted: Vec<Predicted>) -> Inference {
    Inference {
        model: "m".into(),
        version: "v1".into(),
        duration: Duration::from_micros(3),
        predicted,
        bins: Bins::new(),
        answer_bins: Bins::new(),
        explained: None,
    }
}

fn predicted(prediction: &str, confidence: Option<f64>) -> Predicted {
    Predicted { prediction: prediction.to_owned(), confidence }
}

fn arbitrary_observed() -> impl Strategy<Value = Observed> {
    let confidence =
        prop_oneof![-0.5..1.5, (0..=100_u8).prop_map(|percent| f64::from(percent) / 100.0)];
    let predicted = (".{0,12}", proptest::option::of(confidence))
        .prop_map(|(label, confidence)| predicted(&label, confidence));
    let predictions = proptest::collection::vec(predicted, 0..3);
    let bins = proptest::collection::vec(0_usize..3, 0..2);
    (proptest::option::of((predictions, bins)), ".{0,8}", 0..5_u64, any::<bool>()).prop_map(
        |(inference, feature, unknown_features, has_few_sizes)| {
            let mut violations = Counts::default();
            violations.add(&feature, "missing", 2);
            violations.add_unknown_keys(unknown_features);
            let inference = inference.map(|(predictions, bins)| {
                let bins = bins.into_iter().map(|bin| (("age".to_owned(), bin), 2)).collect();
                Inference { bins, ..self::inference(predictions) }
            });
            Observed { inference, violations, has_few_sizes, ..Observed::default() }
        },
    )
}

proptest! {
    #[test]
    fn every_record_is_readable_by_a_strict_scraper(
        events in proptest::collection::vec(
            (200..600_u16, 0..100_000_000_u64, 0..2_000_000_usize, arbitrary_observed()),
            0..20,
        ),
    ) {
        let store = Memory::default();
        for (status, micros, bytes, observed) in &events {
            count(&store, &exchange(*status, *micros, *bytes), observed).unwrap();
        }
        let scraped = Exposition::parse(&scrape(&store, Format::Prometheus));
        let count = events.len() as f64;
        prop_assert_eq!(scraped.sum("http_requests_total", ""), count);
        prop_assert_eq!(scraped.sum("http_request_duration_highr_seconds_count", ""), count);
        let bytes: usize = events.iter().map(|event| event.2).sum();
        prop_assert_eq!(scraped.sum("http_request_size_bytes_sum", ""), bytes as f64);
        prop_assert_eq!(scraped.sum("http_response_size_bytes_sum", ""), 7.0 * count);
        let predictions = events.iter().filter_map(|event| event.3.inference.as_ref());
        let predictions: usize = predictions.map(|inference| inference.predicted.len()).sum();
        prop_assert_eq!(scraped.sum("model_predictions_total", ""), predictions as f64);
        let all = events.iter().filter_map(|event| event.3.inference.as_ref());
        let confidences = all.flat_map(|inference| &inference.predicted);
        let confidences = confidences.filter_map(|predicted| predicted.confidence);
        let units: u64 = confidences.map(|confidence| CONFIDENCE.fraction_units(confidence)).sum();
        let sum = scraped.sum("model_prediction_confidence_sum", "");
        prop_assert!((sum - CONFIDENCE.value(units)).abs() < 1e-9, "{}", sum);
        let bin = "model_feature_bin_total{model=\"m\",version=\"v1\",feature=\"age\",bin=\"60.0\"}";
        prop_assert_eq!(scraped.value(bin),
            events.iter().filter_map(|event| event.3.inference.as_ref())
                .filter_map(|inference| inference.bins.get(&("age".to_owned(), 0)))
                .sum::<u64>() as f64);
    }
}

/// Makes keys of every kind, with labels and numbers unknown to the service.
fn odd_key() -> impl Strategy<Value = String> {
    let (label, number) = ("[a-z=\"\\\\\n 0-9]{0,3}", "([0-9]|[1-3][0-9]|[0-9]{9,22})");
    let http = format!("{label}/{label}/{number}/{number}");
    let class = format!("m/{label}/{label}/(-|{number})");
    let kinds = [
        format!("h/{http}"),
        format!("p/{http}/{class}/{number}/(-|{number})/(-|{number})"),
        format!("h[qrd]/{label}/{label}"),
        format!("o/{class}"),
        format!("s/m/{label}"),
        format!("c/m/{label}/{number}"),
        format!("m[ic]/m/{label}"),
        format!("i/{label}/{label}"),
        format!("b/m/v1/age/{number}"),
        format!("es/m/{label}"),
        format!("ec/m/{label}/{number}"),
        "e/m/v1/(ok|refused|failed|good)".to_owned(),
        "me/m/v1".to_owned(),
        format!("ef/m/v1/(age|{label})"),
        format!("t/{number}/{number}/m/v1/(risk|wait|{label})(/{label}){{0,6}}"),
        format!("t/([0-9]|1[0-2])/({number}|102[0-9])/m/v[01]/(risk|wait)(/({label}|age)){{0,6}}"),
        format!("t/9/0/{label}"),
        format!("a/m/v1/(risk|{label})/{number}"),
    ];
    let key = format!("4/({})", kinds.join("|"));
    proptest::string::string_regex(&key).expect("it is an expression")
}

proptest! {
    #[test]
    fn whatever_a_store_has_is_readable_by_a_strict_scraper(
        names in proptest::collection::vec(odd_key(), 0..20),
        twice in 0..20_usize,
        number in prop_oneof![Just(0), Just(1), Just(i64::MAX as u64), 0..i64::MAX as u64],
    ) {
        let twice = names.iter().take(twice).cloned();
        let store = Listing { names: names.iter().cloned().chain(twice).collect(), number };
        let scraped = Exposition::parse(&scrape(&store, Format::Prometheus));
        // Each request has a class of status, and no request is lost between two families.
        let classes = ["1xx", "2xx", "3xx", "4xx", "5xx"].map(|class| {
            scraped.sum("http_requests_total", &format!("status=\"{class}\""))
        });
        let requests: f64 = classes.iter().sum();
        prop_assert_eq!(scraped.sum("http_requests_total", ""), requests);
        if number == 1 {
            prop_assert_eq!(scraped.value("http_request_duration_highr_seconds_count"), requests);
        }
    }
}

#[test]
fn a_sum_too_large_for_a_number_stays_at_the_largest() {
    let buckets = (0..5).map(|bucket| format!("4/h/a/GET/2/{bucket}"));
    let shards = ["+x", "+y", "+z"].map(|shard| format!("4/h/b/GET/2/0{shard}"));
    let store = Listing { names: buckets.chain(shards).collect(), number: i64::MAX as u64 };
    let scraped = Exposition::parse(&scrape(&store, Format::Prometheus));
    for handler in ["a", "b"] {
        let labels = format!("handler=\"{handler}\",method=\"GET\",status=\"2xx\"");
        let requests = scraped.value(&format!("http_requests_total{{{labels}}}"));
        assert_eq!(requests, u64::MAX as f64, "{handler}");
    }
}

#[test]
fn families_are_sorted_by_name() {
    let text = scrape(&Memory::default(), Format::Prometheus);
    assert_eq!(Exposition::parse(&text).kinds().len(), 36);
    let names: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")).collect();
    assert!(names.is_sorted(), "{names:?}");
}

#[test]
fn bins_and_their_reference_are_of_one_version_so_that_another_is_no_drift() {
    let store = Memory::default();
    let bins = Bins::from([(("age".to_owned(), 0), 1)]);
    let inference = Some(Inference { bins, ..inference(Vec::new()) });
    let observed = Observed { inference, ..Observed::default() };
    count(&store, &exchange(200, 50, 10), &observed).unwrap();
    let scraped = Exposition::parse(&scrape(&store, Format::Prometheus));
    for family in ["model_feature_bin_total", "model_feature_reference_ratio"] {
        let of_version = scraped.sum(family, "{model=\"m\",version=\"v1\",feature=");
        assert_eq!((of_version, scraped.sum(family, "")), (1.0, 1.0), "{family}");
    }
}

#[test]
fn bins_of_an_older_version_are_left_out() {
    let store = Memory::default();
    let bins = Bins::from([(("age".to_owned(), 0), 1)]);
    let old = Inference { version: "v0".into(), bins, ..inference(Vec::new()) };
    let observed = Observed { inference: Some(old), ..Observed::default() };
    count(&store, &exchange(200, 50, 10), &observed).unwrap();
    let scraped = Exposition::parse(&scrape(&store, Format::Prometheus));
    assert_eq!(scraped.sum("model_feature_bin_total", ""), 0.0);
}

#[test]
fn a_handler_without_sums_takes_nothing_from_the_others() {
    let store = Memory::default();
    count(&store, &exchange(200, 50, 10), &Observed::default()).unwrap();
    let first = Exchange { handler: "/", ..exchange(200, 50, 10) };
    count(&store, &first, &Observed::default()).unwrap();
    store.numbers.borrow_mut().retain(|key, _| !key.ends_with("/=2f/POST"));
    let scraped = Exposition::parse(&scrape(&store, Format::Prometheus));
    assert_eq!(scraped.sum("http_request_size_bytes_count", ""), 2.0);
    assert_eq!(scraped.value("http_request_size_bytes_count{handler=\"/predict\"}"), 1.0);
    assert_eq!(scraped.value("http_request_size_bytes_sum{handler=\"/\"}"), 0.0);
}

#[test]
fn a_batch_is_few_calls_to_the_store_however_many_rows_it_has() {
    let store = Memory::default();
    let predictions = (0..1000).map(|row| match row % 2 {
        0 => predicted("High Risk", Some(0.92)),
        _ => predicted("Low Risk", Some(0.75)),
    });
    let mut violations = Counts::default();
    violations.add("age", "out_of_range", 7);
    let observed = Observed {
        inference: Some(Inference {
            bins: Bins::from([(("age".to_owned(), 1), 60)]),
            ..inference(predictions.collect())
        }),
        violations,
        ..Observed::default()
    };
    count(&store, &exchange(200, 50, 10), &observed).unwrap();
    // The exchange and its three sums, the call and its two sums, two predictions, a bin and a reason.
    assert_eq!(store.calls.get(), 11);
    let scraped = Exposition::parse(&scrape(&store, Format::Prometheus));
    assert_eq!(scraped.sum("model_predictions_total", ""), 1000.0);
    assert_eq!(scraped.sum("model_prediction_confidence_sum", ""), 835.0);
    assert_eq!(scraped.sum("model_inference_duration_seconds_count", ""), 1.0);
    assert_eq!(scraped.sum("model_feature_bin_total", ""), 60.0);
    assert_eq!(scraped.sum("model_invalid_inputs_total", ""), 7.0);
}
