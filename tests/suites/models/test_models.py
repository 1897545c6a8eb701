"""Models that are trained here, with seeds that change by day, are imported by `cargo import`, served,
and asked: they answer as the library that trained them, over POST /predict and through Triton's client.
"""

import datetime
import json
import os
import subprocess
import sys
import urllib.request

import lightgbm
import numpy as np
import pandas as pd
import pytest
import tritonclient.http as triton
import xgboost
from embedded_host import ROOT, serve
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.compose import ColumnTransformer
from sklearn.datasets import make_classification, make_regression
from sklearn.ensemble import (
    ExtraTreesClassifier, GradientBoostingClassifier, RandomForestClassifier, RandomForestRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import SVC

SEED = datetime.date.today().toordinal()
TRAINED, ASKED = 1000, 1000
# Float32 against the library's float64.
TOLERANCE = 1e-5

MANIFEST = """
spin_manifest_version = 2
application.name = "model"
[[trigger.http]]
route = "/..."
component = "service"
[component.service]
source = "{root}/target/wasm32-wasip1/release/model_api_service.wasm"
key_value_stores = ["default"]
dependencies."model-api:predictor/predictor@1.0.0" = {{ path = "{component}" }}
build.command = "cargo build --release --target wasm32-wasip1 -p model-api-service"
build.workdir = "{root}"
"""


def numbers(features, classes=2, missing=0.0):
    """Rows of numbers that float32 holds, and classes."""
    rows, labels = make_classification(
        TRAINED + ASKED, features, n_informative=min(features, 10), n_redundant=0, n_classes=classes,
        n_clusters_per_class=1, flip_y=0.1, random_state=SEED)
    frame = pd.DataFrame(np.round(rows * 64) / 64, columns=[f"x{place}" for place in range(features)])
    if missing:
        frame = frame.mask(np.random.default_rng(SEED).random(frame.shape) < missing)
    return frame, labels


def mixed():
    """Numbers with missing ones, and texts."""
    frame, labels = numbers(4, missing=0.1)
    random = np.random.default_rng(SEED)
    frame["colour"] = np.where(labels == 1, random.choice(["red", "blue"], len(labels)),
                               random.choice(["blue", "green"], len(labels)))
    frame["size"] = random.choice(["s", "m", "l"], len(labels))
    return frame, np.where(labels == 1, "yes", "no")


def exported(model, frame, path):
    """The model as ONNX: one tensor of numbers, or one a column."""
    texts = [name for name in frame.columns if frame[name].dtype == object or str(frame[name].dtype) == "str"]
    if not texts:
        types = [("input", FloatTensorType([None, frame.shape[1]]))]
    else:
        types = [(name, StringTensorType([None, 1]) if name in texts else FloatTensorType([None, 1]))
                 for name in frame.columns]
    path = path.with_suffix(".onnx")
    path.write_bytes(to_onnx(model, initial_types=types,
                             target_opset={"": 18, "ai.onnx.ml": 3}).SerializeToString())
    return path


def scikit_learn(model, data):
    def train(folder):
        frame, labels = data()
        model.fit(inputs_of(frame[:TRAINED]), labels[:TRAINED])
        return model, frame, exported(model, frame, folder / "model")
    return train


def inputs_of(frame):
    """scikit-learn gets numbers without names, as the export has none."""
    return frame.to_numpy(np.float32) if all(frame.dtypes == np.float64) else frame


def booster(model, data, suffix):
    def train(folder):
        frame, labels = data()
        model.fit(frame[:TRAINED], labels[:TRAINED])
        path = folder / f"model.{suffix}"
        (model.booster_ if suffix == "txt" else model).save_model(path)
        return model, frame, path
    return train


def regression():
    rows, targets = make_regression(TRAINED + ASKED, 6, noise=1.0, random_state=SEED)
    return pd.DataFrame(np.round(rows * 64) / 64, columns=[f"x{place}" for place in range(6)]), targets


def columns(numbers):
    return ColumnTransformer([
        ("numbers", numbers, ["x0", "x1", "x2", "x3"]),
        ("texts", OneHotEncoder(handle_unknown="ignore", sparse_output=False), ["colour", "size"]),
    ])


SCALED = StandardScaler()
MODELS = {
    "logistic-4": scikit_learn(make_pipeline(SCALED, LogisticRegression()), lambda: numbers(4)),
    "logistic-30": scikit_learn(make_pipeline(SCALED, LogisticRegression()), lambda: numbers(30, 4)),
    "logistic-500": scikit_learn(make_pipeline(SCALED, LogisticRegression()), lambda: numbers(500)),
    "columns": scikit_learn(make_pipeline(
        columns(make_pipeline(SimpleImputer(), StandardScaler())), LogisticRegression()), mixed),
    # A scaler in float32 would move numbers over the thresholds of trees.
    "columns-boosting": scikit_learn(make_pipeline(
        columns(SimpleImputer(strategy="median")), GradientBoostingClassifier()), mixed),
    "forest": scikit_learn(RandomForestClassifier(50), lambda: numbers(12, 3)),
    "extra-trees": scikit_learn(ExtraTreesClassifier(50), lambda: numbers(12)),
    "svc": scikit_learn(make_pipeline(SCALED, SVC()), lambda: numbers(6, 3)),
    "naive-bayes": scikit_learn(GaussianNB(), lambda: numbers(6, 3)),
    "mlp": scikit_learn(make_pipeline(SCALED, MLPClassifier(max_iter=200)), lambda: numbers(6, 3)),
    "linear-regression": scikit_learn(LinearRegression(), regression),
    "forest-regression": scikit_learn(RandomForestRegressor(50), regression),
    "xgboost-json": booster(xgboost.XGBClassifier(), lambda: numbers(30, missing=0.1), "json"),
    "xgboost-ubj": booster(xgboost.XGBClassifier(), lambda: numbers(8, 4), "ubj"),
    "xgboost-regression": booster(xgboost.XGBRegressor(), regression, "json"),
    "lightgbm": booster(lightgbm.LGBMClassifier(verbose=-1), lambda: numbers(30, missing=0.1), "txt"),
    "lightgbm-classes": booster(lightgbm.LGBMClassifier(verbose=-1), lambda: numbers(8, 4), "txt"),
    "lightgbm-regression": booster(lightgbm.LGBMRegressor(verbose=-1), regression, "txt"),
}


@pytest.mark.parametrize("name", MODELS)
def test_a_model_answers_as_the_library_that_trained_it(name, tmp_path):
    model, frame, path = MODELS[name](tmp_path)
    asked = frame[TRAINED:]
    frame[:TRAINED].to_csv(tmp_path / "rows.csv", index=False)
    component = tmp_path / "model.wasm"
    subprocess.run(["cargo", "import", path, "--data", tmp_path / "rows.csv", "--out", component],
                   cwd=ROOT, check=True)
    manifest = tmp_path / "spin.toml"
    manifest.write_text(MANIFEST.format(root=os.path.relpath(ROOT, tmp_path), component=component))
    with serve(tmp_path, manifest) as address:
        expected = model.predict(inputs_of(asked))
        sure = confidences(model, inputs_of(asked))
        check(*predict(address, asked), expected, sure)
        check(*infer(address, asked), expected, sure)


def test_every_kind_of_model_answers_and_explains_as_its_library(tmp_path):
    """All models of tests/models/export.py, trained on new data and asked 1,000 rows, of which 200 are
    explained by XGBoost, LightGBM and shap too."""
    models = ROOT / "tests/models"
    subprocess.run([sys.executable, models / "export.py", tmp_path, str(SEED)], check=True)
    subprocess.run([sys.executable, models / "contributions.py", tmp_path], check=True)
    environment = {**os.environ, "MODEL_API_EXPORTS": str(tmp_path)}
    for test in ["every_export_is_answered_as_by_its_library", "contributions_are_those_of",
                 "every_exports_contributions_add_up"]:
        subprocess.run(["cargo", "test", "--test", "main", test], cwd=ROOT, env=environment, check=True)


def confidences(model, rows):
    """The probability of each row's class; none for a regressor, or a classifier without."""
    if not hasattr(model, "predict_proba"):
        return None
    return model.predict_proba(rows).max(axis=1)


def check(answers, confidence, expected, sure):
    assert len(answers) == ASKED
    if np.issubdtype(np.asarray(expected).dtype, np.floating):
        scale = np.abs(expected).max()
        assert np.abs(np.asarray(answers, dtype=float) - expected).max() <= TOLERANCE * scale
        return
    if sure is not None:
        assert np.abs(np.asarray(confidence) - sure).max() <= TOLERANCE
    different = np.asarray(answers) != np.asarray(expected).astype(str)
    # Two classes may be as probable as each other.
    if sure is not None:
        different &= sure > 0.5 + TOLERANCE
    assert not different.any()


def predict(address, asked):
    """The answers of POST /predict, and the model's confidence in them."""
    rows = [{key: value for key, value in row.items() if not pd.isna(value)}
            for row in asked.to_dict("records")]
    # A body is 1 MiB at most.
    answers = []
    for start in range(0, len(rows), 100):
        request = urllib.request.Request(
            f"{address}/predict", json.dumps({"instances": rows[start:start + 100]}).encode(),
            {"content-type": "application/json"})
        answers += json.load(urllib.request.urlopen(request))["predictions"]
    return [answer["prediction"] for answer in answers], [answer.get("confidence") for answer in answers]


def infer(address, asked):
    """The same through Triton's client: a tensor for each column, in which NaN is a missing number."""
    with triton.InferenceServerClient(address.removeprefix("http://")) as client:
        found = []
        for start in range(0, len(asked), 100):
            part = asked[start:start + 100]
            found.append(client.infer("model", [tensor(name, part[name]) for name in part.columns]))
        join = lambda name: np.concatenate([result.as_numpy(name) for result in found])
        answers = join("prediction")
        if answers.dtype == object:
            answers = [one.decode() if isinstance(one, bytes) else one for one in answers]
        sure = found[0].as_numpy("prediction_confidence")
        return answers, None if sure is None else join("prediction_confidence")


def tensor(name, column):
    is_text = not np.issubdtype(column.dtype, np.number) if isinstance(column.dtype, np.dtype) else True
    values = column.to_numpy(object if is_text else np.float64)
    given = triton.InferInput(name, list(values.shape), "BYTES" if is_text else "FP64")
    given.set_data_from_numpy(values)
    return given
