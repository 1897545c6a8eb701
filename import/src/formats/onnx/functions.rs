//! Functions defined in the file. The functions written by skl2onnx are known by their names.

use super::Reader;
use super::proto::NodeProto;
use crate::ir::graph::Value;
use anyhow::{Result, bail, ensure};
use model_runner::op::Op;

/// The name of skl2onnx's function for imputing one column, and its number of inputs. The importer
/// reads the rows, the training data and the number of neighbors; all other inputs are computed
/// from these.
const KNN_IMPUTER_COLUMN: (&str, usize) = ("knn_imputer_column", 10);
const ROWS: usize = 1;
const TRAINING: usize = 8;
const NEIGHBORS: usize = 9;

/// Translates a node into values, one for each output.
///
/// # Errors
///
/// If the function is not supported.
pub fn translate(reader: &mut Reader, node: &NodeProto) -> Result<Vec<Value>> {
    if is_knn_imputer(node) {
        return Ok(vec![knn_imputer(reader, node)?]);
    }
    let remedy = match node.op_type.as_str() {
        "CDist" => "; export with options={'optim': None}",
        "Solve" => "; a Gaussian process has no export that can be served",
        _ => "",
    };
    bail!(
        "{}.{} is not supported; only ai.onnx and ai.onnx.ml are{remedy}",
        node.domain,
        node.op_type
    )
}

/// Returns the names of the inputs needed to translate a node.
pub fn inputs(node: &NodeProto) -> Vec<&str> {
    if is_knn_imputer(node) {
        [ROWS, TRAINING, NEIGHBORS].iter().map(|place| node.input[*place].as_str()).collect()
    } else {
        node.input.iter().map(String::as_str).collect()
    }
}

fn is_knn_imputer(node: &NodeProto) -> bool {
    node.domain == "local_domain" && (node.op_type.as_str(), node.input.len()) == KNN_IMPUTER_COLUMN
}

/// Imputes all columns by the node of the first column. The nodes of the other columns change
/// nothing more.
fn knn_imputer(reader: &mut Reader, node: &NodeProto) -> Result<Value> {
    let rows = reader.required(node, ROWS)?;
    if reader.graph.as_node(rows).is_some_and(|before| before.op == Op::KnnImputer) {
        return Ok(rows);
    }
    let (training, neighbors) =
        (reader.required(node, TRAINING)?, reader.required(node, NEIGHBORS)?);
    ensure!(
        reader.graph.as_constant(training).is_some()
            && reader.graph.as_constant(neighbors).is_some(),
        "its training data are computed, and not in the file"
    );
    reader.imputed.push(rows);
    reader.graph.node(Op::KnnImputer, &[rows, training, neighbors], &[])
}
