//! Small files that ask for much memory or many steps, each refused in a line before it takes them.

use super::{export, import_file, new_folder};
use model_api_import::formats::onnx::proto::{
    AttributeProto, DimensionProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto,
    ShapeProto, TensorProto, TensorTypeProto, TypeProto, ValueInfoProto, data_type,
};
use prost::Message;
use std::sync::mpsc;
use std::time::Duration;

/// The time after which an import is said to have no end: far more than any of these takes.
const PATIENCE: Duration = Duration::from_secs(120);

/// The reason why a file is refused.
fn refusal(test: &str, file: &str, bytes: impl Into<Vec<u8>>) -> String {
    let (folder, bytes) = (new_folder(test), bytes.into());
    let path = folder.join(file);
    std::fs::write(&path, bytes).unwrap();
    let (sender, result) = mpsc::channel();
    std::thread::spawn(move || {
        let _ = sender.send(import_file(&path, &folder, None).map(|_| ()));
    });
    let result = result.recv_timeout(PATIENCE).expect("the import has no end");
    format!("{:#}", result.expect_err("it is imported"))
}

fn model(graph: GraphProto) -> Vec<u8> {
    let opsets = [("", 18), ("ai.onnx.ml", 5)]
        .map(|(domain, version)| OperatorSetIdProto { domain: domain.to_owned(), version });
    let model = ModelProto {
        ir_version: 10,
        producer_name: String::new(),
        graph: Some(graph),
        opset_import: opsets.into(),
    };
    model.encode_to_vec()
}

/// A graph from `x`, with this many columns of floats, to `y`.
fn graph(columns: i64, node: Vec<NodeProto>, initializer: Vec<TensorProto>) -> GraphProto {
    let input = vec![value("x", data_type::FLOAT, Some(columns))];
    GraphProto { node, initializer, input, output: vec![value("y", data_type::FLOAT, None)] }
}

fn value(name: &str, elem_type: i32, columns: Option<i64>) -> ValueInfoProto {
    let dim = |dim_value| DimensionProto { dim_value };
    let shape = columns.map(|columns| ShapeProto { dim: vec![dim(0), dim(columns)] });
    let tensor_type = Some(TensorTypeProto { elem_type, shape });
    ValueInfoProto { name: name.to_owned(), r#type: Some(TypeProto { tensor_type }) }
}

fn node(kind: &str, inputs: &[&str], output: &str, attribute: Vec<AttributeProto>) -> NodeProto {
    NodeProto {
        input: inputs.iter().map(|name| (*name).to_owned()).collect(),
        output: vec![output.to_owned()],
        name: output.to_owned(),
        op_type: kind.to_owned(),
        domain: if kind == "TreeEnsemble" { "ai.onnx.ml".to_owned() } else { String::new() },
        attribute,
    }
}

fn ints(name: &str, values: &[i64]) -> TensorProto {
    TensorProto {
        name: name.to_owned(),
        dims: vec![values.len() as i64],
        data_type: data_type::INT64,
        int64_data: values.to_vec(),
        ..TensorProto::default()
    }
}

/// `y` by adding a value to itself, time after time.
fn sums(start: &str, count: usize) -> Vec<NodeProto> {
    let name = |index: usize| match index {
        0 => start.to_owned(),
        _ if index == count => "y".to_owned(),
        _ => format!("sum{index}"),
    };
    let sum = |index| node("Add", &[&name(index), &name(index)], &name(index + 1), Vec::new());
    (0..count).map(sum).collect()
}

#[test]
fn constants_that_are_computed_from_nothing_have_a_bound_of_memory_together() {
    let mut nodes = vec![node("ConstantOfShape", &["size"], "ones", Vec::new())];
    nodes.extend(sums("ones", 300));
    let file = model(graph(3, nodes, vec![ints("size", &[4_000_000])]));
    assert!(file.len() < 16 << 10);
    let reason = refusal("constants", "model.onnx", file);
    assert!(reason.contains("needs more memory than a model may have"), "{reason}");
}

#[test]
fn values_of_rows_have_a_bound_of_memory_together() {
    let mut nodes = vec![node("Expand", &["x", "size"], "wide", Vec::new())];
    nodes.extend(sums("wide", 1_000));
    let file = model(graph(1, nodes, vec![ints("size", &[1, 60_000])]));
    let reason = refusal("rows", "model.onnx", file);
    assert!(reason.contains("needs more memory than a model may have"), "{reason}");
}

/// A scan over all rows, in whose body is another one, and so on.
fn scans(depth: usize) -> NodeProto {
    let (slice, out) = (format!("slice{depth}"), format!("out{depth}"));
    let inner = match depth {
        0 => vec![node("Identity", &[&slice], &out, Vec::new())],
        _ => {
            let inner = scans(depth - 1);
            let sum = node("ReduceSum", &[&format!("scanned{}", depth - 1)], &out, Vec::new());
            vec![inner, sum]
        }
    };
    let body = GraphProto {
        node: inner,
        input: vec![value(&slice, data_type::FLOAT, None)],
        output: vec![value(&out, data_type::FLOAT, None)],
        initializer: Vec::new(),
    };
    let body =
        AttributeProto { name: "body".to_owned(), g: Some(body), ..AttributeProto::default() };
    node("Scan", &["x"], &format!("scanned{depth}"), vec![body])
}

#[test]
fn scans_within_scans_have_a_bound_of_steps_together() {
    let nodes = vec![scans(8), node("ReduceSum", &["scanned8"], "y", Vec::new())];
    let reason = refusal("scans", "model.onnx", model(graph(2, nodes, Vec::new())));
    assert!(reason.contains("takes more steps than a model may have"), "{reason}");
}

#[test]
fn products_of_large_matrices_have_a_bound_of_steps() {
    let shape = node("ConstantOfShape", &["size"], "ones", Vec::new());
    let product = node("MatMul", &["ones", "ones"], "square", Vec::new());
    let nodes = vec![shape, product, node("MatMul", &["x", "square"], "y", Vec::new())];
    let reason = refusal(
        "products",
        "model.onnx",
        model(graph(2_000, nodes, vec![ints("size", &[2_000, 2_000])])),
    );
    assert!(reason.contains("takes more steps than a model may have"), "{reason}");
}

/// An ensemble of version 5 with `branches` branches in a row, each by a set of categories.
fn ensemble(branches: i64, roots: usize) -> NodeProto {
    let list = |name: &str, ints: Vec<i64>| AttributeProto {
        name: name.to_owned(),
        ints,
        ..AttributeProto::default()
    };
    let tensor = |name: &str, data_type: i32, float_data: Vec<f32>, int32_data: Vec<i32>| {
        let dims = vec![float_data.len().max(int32_data.len()) as i64];
        let t = TensorProto { dims, data_type, float_data, int32_data, ..TensorProto::default() };
        AttributeProto { name: name.to_owned(), t: Some(t), ..AttributeProto::default() }
    };
    let count = branches as usize;
    let next = (1..branches).chain([0]).collect();
    let is_last = (0..branches).map(|branch| i64::from(branch == branches - 1)).collect();
    let members = (0..count).flat_map(|_| [1.0, f32::NAN]).collect();
    let attributes = vec![
        list("nodes_featureids", vec![0; count]),
        tensor("nodes_modes", data_type::UINT8, Vec::new(), vec![6; count]),
        tensor("nodes_splits", data_type::FLOAT, vec![0.0; count], Vec::new()),
        list("nodes_truenodeids", vec![0; count]),
        list("nodes_trueleafs", vec![1; count]),
        list("nodes_falsenodeids", next),
        list("nodes_falseleafs", is_last),
        list("leaf_targetids", vec![0]),
        tensor("leaf_weights", data_type::FLOAT, vec![1.0], Vec::new()),
        tensor("membership_values", data_type::FLOAT, members, Vec::new()),
        list("tree_roots", vec![0; roots]),
    ];
    node("TreeEnsemble", &["x"], "y", attributes)
}

#[test]
fn roots_that_share_a_tree_have_a_bound_of_memory_together() {
    let file = model(graph(1, vec![ensemble(1_000, 200_000)], Vec::new()));
    let reason = refusal("roots", "model.onnx", file);
    assert!(reason.contains("needs more memory than a model may have"), "{reason}");
}

#[test]
fn a_tree_of_300_000_sets_is_read_once_and_refused() {
    let file = model(graph(1, vec![ensemble(300_000, 1)], Vec::new()));
    let reason = refusal("members", "model.onnx", file);
    assert!(reason.contains("it is deeper than 10000"), "{reason}");
}

#[test]
fn inputs_have_a_bound_of_columns_together() {
    let mut graph = graph(65_536, sums("x", 1), Vec::new());
    graph.input.push(value("more", data_type::FLOAT, Some(65_536)));
    let reason = refusal("columns", "model.onnx", model(graph));
    assert!(reason.contains("it has 131072 columns, and 65536 are read at most"), "{reason}");
}

#[test]
fn columns_that_are_joined_and_imputed_time_after_time_have_a_bound_of_steps() {
    let join = |from: &str, to: &str| node("Concat", &[from, from], to, Vec::new());
    let mut nodes: Vec<NodeProto> =
        (0..24).map(|level| join(&format!("c{level}"), &format!("c{}", level + 1))).collect();
    nodes[0] = join("x", "c1");
    let replaced = AttributeProto {
        name: "replaced_value_float".to_owned(),
        f: f32::NAN,
        ..Default::default()
    };
    let mean = AttributeProto {
        name: "imputed_value_floats".to_owned(),
        floats: vec![0.0],
        ..Default::default()
    };
    let mut imputer = node("Imputer", &["c24"], "imputed", vec![replaced, mean]);
    imputer.domain = "ai.onnx.ml".to_owned();
    nodes.extend([imputer, node("ReduceSum", &["imputed"], "y", Vec::new())]);
    let reason = refusal("joined", "model.onnx", model(graph(64, nodes, Vec::new())));
    assert!(reason.contains("takes more steps than a model may have"), "{reason}");
}

#[test]
fn a_part_that_ends_behind_all_tensors_is_refused() {
    let split = |output: &str| NodeProto {
        output: vec![output.to_owned(), "y".to_owned()],
        ..node("Split", &["x", "lengths"], output, Vec::new())
    };
    let lengths = ints("lengths", &[i64::MAX, i64::MAX]);
    let reason =
        refusal("split", "model.onnx", model(graph(2, vec![split("first")], vec![lengths])));
    assert!(reason.contains("a part has a length that no tensor has"), "{reason}");
}

#[test]
fn an_array_of_constants_is_refused() {
    let mut bytes = b"{i\x07learner[$T#l".to_vec();
    bytes.extend(60_000_i32.to_be_bytes());
    bytes.resize(100_000, b'T');
    let reason = refusal("constant-array", "model.ubj", bytes);
    assert!(reason.contains("it has an array of constants"), "{reason}");
}

/// A booster of LightGBM with another first number in the first list of this name.
fn with_first(name: &str, list: &str, number: i64) -> String {
    let booster = std::fs::read_to_string(export(name).file).unwrap();
    let list = format!("{list}=");
    let start = booster.find(&list).unwrap() + list.len();
    let end = start + booster[start..].find(' ').unwrap();
    format!("{}{number}{}", &booster[..start], &booster[end..])
}

#[test]
fn a_child_before_all_nodes_is_refused() {
    let reason = refusal("child", "model.txt", with_first("lgb-binary", "left_child", i64::MIN));
    assert!(reason.contains("tree 0: it"), "{reason}");
}

/// Each split takes all categories of its tree, though they are there once.
#[test]
fn splits_that_share_categories_have_a_bound_of_memory_together() {
    let text = std::fs::read_to_string(export("xgb-categories").file).unwrap();
    let mut booster: serde_json::Value = serde_json::from_str(&text).unwrap();
    let tree = &mut booster["learner"]["gradient_booster"]["model"]["trees"][0];
    let (splits, categories) = (20_000, vec![1; 20_000]);
    tree["categories"] = categories.into();
    tree["categories_nodes"] = (0..splits).collect();
    tree["categories_segments"] = vec![0; splits].into();
    tree["categories_sizes"] = vec![20_000; splits].into();
    let reason = refusal("categories", "model.json", booster.to_string());
    assert!(reason.contains("needs more memory than a model may have"), "{reason}");
}

#[test]
fn names_of_categories_that_overlap_are_refused() {
    let text = std::fs::read_to_string(export("xgb-categories").file).unwrap();
    let mut booster: serde_json::Value = serde_json::from_str(&text).unwrap();
    let names = serde_json::json!([{ "offsets": [0, 2, 0, 2], "values": [97, 98] }]);
    booster["learner"]["gradient_booster"]["model"]["cats"]["enc"] = names;
    let reason = refusal("names", "model.json", booster.to_string());
    assert!(reason.contains("its names of categories overlap"), "{reason}");
}

#[test]
fn sets_of_categories_that_overlap_are_refused() {
    let reason = refusal("sets", "model.txt", with_first("lgb-categories", "cat_boundaries", 9));
    assert!(reason.contains("it has categories out of order"), "{reason}");
}
