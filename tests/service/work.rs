//! The work for a request grows with the length of its body, and not faster, whichever field of the
//! body is long.

use super::{manifest, model_manifest};
use crate::support::http::Request;
use crate::support::server::TestServer;
use flate2::Compression;
use flate2::write::GzEncoder;
use model_api_host::Manifest;
use std::io::Write;

/// A model, and one of the features that it takes as a number.
struct Model {
    name: &'static str,
    feature: &'static str,
}

/// Bodies of nearly `length` bytes, each with one field that is as long as it can be.
fn long_fields(model: &Model, length: usize) -> Vec<(String, String)> {
    let list = |item: &dyn Fn(usize) -> String| {
        let mut items = String::new();
        for number in 0.. {
            let item = item(number);
            if items.len() + item.len() > length {
                return items.trim_end_matches(',').to_owned();
            }
            items += &item;
        }
        items
    };
    let Model { name, feature } = model;
    let tensor = format!(r#"{{"name":"{feature}","datatype":"FP64","shape":[1],"data":[1]}}"#);
    let keys = list(&|n| format!("\"k{n}\":1,"));
    let names = list(&|n| format!("{{\"name\":\"n{n}\"}},"));
    let inputs = list(&|n| tensor.replace(feature, &format!("n{n}")) + ",");
    let same = list(&|_| format!("{tensor},"));
    let ones = list(&|_| "1,".to_owned());
    let nans = list(&|_| "NaN,".to_owned());
    let rows = list(&|_| "{},".to_owned());
    let wrong = list(&|_| format!("{{\"{feature}\":\"x\"}},"));
    let digits = "1".repeat(length);
    let escapes = "\\n".repeat(length / 2);
    let shape = tensor.replace("[1],\"data", &format!("[{ones}],\"data"));
    let data = |items: &str| tensor.replace("\"data\":[1]", &format!("\"data\":[{items}]"));
    let infer = [
        format!(r#"{{"inputs":[{tensor}],"outputs":[{names}]}}"#),
        format!(r#"{{"inputs":[{inputs}]}}"#),
        format!(r#"{{"inputs":[{same}]}}"#),
        format!(r#"{{"inputs":[{tensor}],"parameters":{{{keys}}}}}"#),
        format!(r#"{{"inputs":[{shape}]}}"#),
        format!(r#"{{"inputs":[{}]}}"#, data(&ones)),
        format!(r#"{{"inputs":[{}]}}"#, data(&nans)),
        format!(r#"{{"inputs":[{tensor}],"id":"{escapes}"}}"#),
    ];
    let predict = [
        format!(r#"{{"patient_data":{{{keys}}}}}"#),
        format!(r#"{{"patient_data":{{"{feature}":1}},{keys}}}"#),
        format!(r#"{{"instances":[{{"{feature}":1,{keys}}}]}}"#),
        format!(r#"{{"instances":[{rows}]}}"#),
        format!(r#"{{"instances":[{wrong}]}}"#),
        format!(r#"{{"instances":[{ones}]}}"#),
        format!(r#"{{"patient_data":{{"{feature}":[{ones}]}}}}"#),
        format!(r#"{{"patient_data":{{"{feature}":"{digits}"}}}}"#),
    ];
    let infer_path = format!("/v2/models/{name}/infer");
    let infer = infer.into_iter().map(|body| (infer_path.clone(), body));
    infer.chain(predict.into_iter().map(|body| ("/predict".to_owned(), body))).collect()
}

/// Bodies of nearly `length` bytes with a line for each row.
fn long_tables(feature: &str, length: usize) -> Vec<(&'static str, String)> {
    let repeated = |part: &str| part.repeat(length / part.len());
    let csv = [
        format!("{feature}\n{}", repeated("1\n")),
        format!("{feature}\n{}", repeated("x\n")),
        format!("{feature},b\n1,\"{}\"\n", repeated("\"\"")),
        format!("{feature}{}\n", repeated(",")),
        format!("{feature},{}\n", (0..length / 8).map(|n| format!("k{n},")).collect::<String>()),
        repeated("\n"),
    ];
    let lines = [repeated(&format!("{{\"{feature}\":1}}\n")), repeated("{}\n"), repeated("\n")];
    let csv = csv.into_iter().map(|body| ("text/csv", body));
    csv.chain(lines.into_iter().map(|body| ("application/x-ndjson", body))).collect()
}

#[test]
fn the_work_for_a_table_is_linear_in_its_length() {
    let server = TestServer::start(&manifest(|text| text), |settings| {
        settings.count_instructions = true;
    });
    let sizes = LENGTHS.map(|length| long_tables("age", length));
    for place in 0..sizes[0].len() {
        let mut counts = Vec::new();
        for (size, tables) in sizes.iter().enumerate() {
            let (content_type, body) = &tables[place];
            let request = Request::post("/predict", body.clone());
            let request = request.header("content-type", content_type);
            counts.push(instructions_for(&server, request, &format!("table-{place}-{size}")));
        }
        println!("{counts:?} instructions for table {place}");
        assert!(counts.windows(2).all(|pair| pair[1] <= 5 * pair[0]), "{counts:?} for {place}");
    }
}

/// The instructions that the service runs for a request, the model's included.
fn instructions(server: &TestServer, path: &str, body: &str, id: &str) -> u64 {
    instructions_for(server, Request::post(path, body), id)
}

fn instructions_for(server: &TestServer, request: Request, id: &str) -> u64 {
    let status = server.send(&request.header("x-request-id", id)).status;
    assert!((200..500).contains(&status), "{status} for {id}");
    let line = server.logged(&format!("instructions request_id={id}"));
    let count = line.split_whitespace().nth(1).and_then(|count| count.parse().ok());
    count.unwrap_or_else(|| panic!("no number of instructions: {line}"))
}

/// The lengths of bodies. Each is four times the one before.
const LENGTHS: [usize; 3] = [65_000, 260_000, 1_040_000];

fn assert_work_is_linear(manifest: &Manifest, model: &Model) {
    let server = TestServer::start(manifest, |settings| settings.count_instructions = true);
    let [small, medium, large] = LENGTHS.map(|length| long_fields(model, length));
    for (field, sizes) in small.iter().zip(&medium).zip(&large).enumerate() {
        let ((small, medium), large) = sizes;
        let mut counts = Vec::new();
        for (size, (path, body)) in [small, medium, large].into_iter().enumerate() {
            counts.push(instructions(&server, path, body, &format!("{field}-{size}")));
        }
        let (path, body) = small;
        println!("{counts:?} instructions for {path} {}…", &body[..60]);
        for pair in counts.windows(2) {
            // Four times as much, and the logarithm of a sorted list's length.
            assert!(pair[1] <= 5 * pair[0], "{counts:?} for {path} {}…", &body[..60]);
        }
    }
}

#[test]
fn the_work_for_every_field_of_a_body_is_linear_in_its_length() {
    let model = Model { name: "heart-risk-demo", feature: "age" };
    assert_work_is_linear(&manifest(|text| text), &model);
}

#[test]
fn the_work_for_every_field_is_linear_for_a_model_of_500_features_too() {
    assert_work_is_linear(&model_manifest("wide"), &Model { name: "wide", feature: "f0" });
}

/// Blocks of deflate with fixed codes (RFC 1951, section 3.2.6): one of a letter, and then one after the
/// other that repeat three bytes. They are shorter than what they stand for.
fn repeating(length: usize) -> Vec<u8> {
    // The bits of a block's head, of its contents, and of its end.
    let block = |contents: &str| format!("010{contents}0000000");
    let first = block(&"10010001".repeat(3));
    // A length of 3, and a distance of 1.
    let bits = [first, block("000000100000").repeat(length * 8 / 22)].concat();
    let byte = |bits: &[u8]| bits.iter().rev().fold(0, |byte, bit| (byte << 1) | (bit - b'0'));
    bits.as_bytes().chunks(8).map(byte).collect()
}

/// Bodies of nothing but small parts, which a client can make at no cost.
#[test]
fn unpacking_many_small_parts_takes_no_more_work_than_unpacking_large_ones() {
    let server = TestServer::start(&manifest(|text| text), |settings| {
        settings.count_instructions = true;
    });
    let length = LENGTHS[2];
    let digits = format!(r#"{{"patient_data":{{"age":"{}"}}}}"#, "1".repeat(length - 30));
    let mut full = GzEncoder::new(Vec::new(), Compression::none());
    full.write_all(digits.as_bytes()).unwrap();
    let empty = GzEncoder::new(Vec::new(), Compression::fast()).finish().unwrap();
    // An empty stored block, four empty ones of fixed codes, each of ten bits, and one that repeats the three
    // bytes before it, without end.
    let stored = [0, 0, 0, 0xff, 0xff];
    let fixed = [0x02, 0x08, 0x20, 0x80, 0x00];
    let counts: Vec<_> = [
        ("full", full.finish().unwrap(), "gzip"),
        ("members", empty.repeat(length / empty.len()), "gzip"),
        ("stored", stored.repeat(length / stored.len()), "deflate"),
        ("fixed", fixed.repeat(length / fixed.len()), "deflate"),
        ("repeating", repeating(length / 2), "deflate"),
    ]
    .into_iter()
    .map(|(id, body, coding)| {
        let request = Request::post("/predict", body).header("content-encoding", coding);
        instructions_for(&server, request, id)
    })
    .collect();
    println!("{counts:?} instructions");
    assert!(counts[1..].iter().all(|count| *count <= counts[0]), "{counts:?}");
}
