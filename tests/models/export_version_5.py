"""Writes a forest as the one operator that ai.onnx.ml 5 has for trees, which no exporter writes yet, and
what onnxruntime answers, beside those of export.py."""

import pathlib

import numpy as np
import onnx
import onnxruntime
from answered import save
from onnx import TensorProto, helper, numpy_helper

HERE = pathlib.Path(__file__).parent
TREES, DEPTH, FEATURES = 5, 4, 6
# BRANCH_LEQ to BRANCH_NEQ, and BRANCH_MEMBER.
MODES = [0, 1, 2, 3, 4, 5, 6]


def main():
    random = np.random.default_rng(0)
    names = ["features", "modes", "splits", "yes", "no", "yes_leaf", "no_leaf", "tracks"]
    nodes, leaves, members, roots = {name: [] for name in names}, [], [], []
    for _ in range(TREES):
        roots.append(grow(random, nodes, leaves, members, DEPTH))
    tensor = lambda name, values, kind: numpy_helper.from_array(np.array(values, dtype=kind), name)
    node = helper.make_node(
        "TreeEnsemble", ["x"], ["y"], domain="ai.onnx.ml", n_targets=2, aggregate_function=1,
        post_transform=0, tree_roots=roots, nodes_featureids=nodes["features"],
        nodes_modes=tensor("modes", nodes["modes"], np.uint8),
        nodes_splits=tensor("splits", nodes["splits"], np.float32),
        nodes_truenodeids=nodes["yes"], nodes_falsenodeids=nodes["no"],
        nodes_trueleafs=nodes["yes_leaf"], nodes_falseleafs=nodes["no_leaf"],
        nodes_missing_value_tracks_true=nodes["tracks"],
        leaf_targetids=[target for target, _ in leaves],
        leaf_weights=tensor("weights", [weight for _, weight in leaves], np.float32),
        membership_values=tensor("members", members, np.float32))
    graph = helper.make_graph(
        [node], "trees", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, FEATURES])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, 2])])
    model = helper.make_model(graph, ir_version=9, opset_imports=[
        helper.make_opsetid("", 21), helper.make_opsetid("ai.onnx.ml", 5)])
    onnx.save(model, HERE / "exports" / "trees-version-5.onnx")
    rows = np.loadtxt(HERE / "rows" / "numbers.csv", delimiter=",", skiprows=1, dtype=np.float32)
    found = onnxruntime.InferenceSession(model.SerializeToString()).run(None, {"x": rows})[0]
    lines = [",".join(map(str, row)) for row in found]
    save(HERE, {"trees-version-5": ("numbers", lines)})


def grow(random, nodes, leaves, members, depth):
    """Adds a branch and all that is below it, and returns its place."""
    place = len(nodes["modes"])
    mode = int(random.choice(MODES))
    # The last feature has the values 0 to 3.
    by_value = mode in [4, 5, 6]
    nodes["modes"].append(mode)
    nodes["features"].append(5 if by_value else int(random.integers(5)))
    nodes["splits"].append(float(random.integers(4)) if by_value else float(np.round(random.normal(), 2)))
    nodes["tracks"].append(0)
    for name in ["yes", "no", "yes_leaf", "no_leaf"]:
        nodes[name].append(0)
    if mode == 6:
        members.extend([*random.choice(4, 2, replace=False), np.nan])
    for side in ["yes", "no"]:
        if depth == 1 or random.random() < 0.3:
            nodes[side][place], nodes[f"{side}_leaf"][place] = len(leaves), 1
            leaves.append((int(random.integers(2)), float(np.round(random.normal(), 3))))
        else:
            nodes[side][place] = grow(random, nodes, leaves, members, depth - 1)
    return place


if __name__ == "__main__":
    main()
