"""Made-up models of any size, imported as anyone's would be."""

import json
import random
import subprocess

from servers import ROOT, SCRATCH

MANIFEST = ROOT / "spin.toml"
DEFAULT_MODEL = "target/wasm32-wasip1/release/heart_risk_demo.wasm"


def imported(features=10, classes=2, trees=10, depth=3):
    """The manifest of the service with such a model, and the size of its component in bytes."""
    folder = SCRATCH / "models"
    folder.mkdir(parents=True, exist_ok=True)
    name = f"model-{features}-{classes}-{trees}-{depth}"
    component, manifest = folder / f"{name}.wasm", folder / f"{name}.toml"
    if not component.exists():
        file, data = folder / f"{name}.json", folder / f"{name}.csv"
        file.write_text(json.dumps(_xgboost(features, classes, trees, depth)))
        data.write_text(_rows(features))
        command = ["cargo", "import", file, "--data", data, "--out", component]
        subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    text = MANIFEST.read_text().replace(DEFAULT_MODEL, str(component))
    manifest.write_text(text.replace('"target/', f'"{ROOT}/target/'))
    return manifest, component.stat().st_size


def row(features):
    """A question to such a model."""
    return {f"f{index}": round(index % 7 / 7, 3) for index in range(features)}


def _rows(features):
    """Rows as CSV, of which the importer makes the reference for drift."""
    draw = random.Random(7)
    lines = [",".join(row(features))]
    lines += [",".join(f"{draw.random():.4f}" for _ in range(features)) for _ in range(200)]
    return "\n".join(lines) + "\n"


def _xgboost(features, classes, trees, depth):
    """What XGBoost writes of trees that are complete, with splits drawn from a fixed seed."""
    draw = random.Random(7)
    groups = classes if classes > 2 else 1
    trees *= groups
    return {
        "version": [3, 2, 0],
        "learner": {
            "attributes": {},
            "feature_names": list(row(features)),
            "feature_types": ["float"] * features,
            "gradient_booster": {
                "name": "gbtree",
                "model": {
                    "gbtree_model_param": {"num_parallel_tree": "1", "num_trees": str(trees)},
                    "tree_info": [tree % groups for tree in range(trees)],
                    "trees": [_tree(features, depth, draw) for _ in range(trees)],
                },
            },
            "learner_model_param": {
                "base_score": "[" + ",".join(["5E-1"] * groups) + "]",
                "num_class": str(classes if groups > 1 else 0),
                "num_feature": str(features),
            },
            "objective": {"name": "multi:softprob" if groups > 1 else "binary:logistic"},
        },
    }


def _tree(features, depth, draw):
    inner, nodes = 2**depth - 1, 2 ** (depth + 1) - 1
    leaves = range(inner, nodes)
    return {
        "left_children": [2 * node + 1 for node in range(inner)] + [-1] * len(leaves),
        "right_children": [2 * node + 2 for node in range(inner)] + [-1] * len(leaves),
        "split_indices": [draw.randrange(features) for _ in range(inner)] + [0] * len(leaves),
        "split_conditions": [round(draw.random(), 4) for _ in range(inner)]
        + [round(draw.uniform(-0.1, 0.1), 4) for _ in leaves],
        "default_left": [0] * nodes,
        "tree_param": {"size_leaf_vector": "1"},
    }
