"""Trains the example's model on the Cleveland data, and measures it.

    pip install -r requirements.txt && python train.py

It writes `heart-disease.onnx`, `predictions.csv` (the data with the model's own predictions),
`calibration.svg`, and prints what MODEL_CARD.md says. The same seeds give the same files.
"""

import pathlib

import matplotlib
import numpy as np
import onnx
import pandas as pd
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV, calibration_curve
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.metrics import brier_score_loss, roc_auc_score
from sklearn.model_selection import RepeatedStratifiedKFold, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

HERE = pathlib.Path(__file__).parent
NUMBERS = ["age", "resting_pressure", "cholesterol", "max_heart_rate", "st_depression", "vessels"]
TEXTS = ["sex", "chest_pain", "resting_ecg", "st_slope", "thal"]
FLAGS = ["fasting_sugar_high", "exercise_angina"]
FOLDS, REPEATS, RESAMPLES = 10, 5, 2000


def read():
    """The data in the types of the model: a missing text is an empty one, a flag is 0 or 1."""
    data = pd.read_csv(HERE / "cleveland.csv")
    rows = data[NUMBERS + TEXTS + FLAGS].copy()
    rows[TEXTS] = rows[TEXTS].fillna("")
    rows[NUMBERS + FLAGS] = rows[NUMBERS + FLAGS].astype(np.float32)
    return data, rows, np.where(data.disease == "yes", "disease", "no disease")


def build():
    """Imputed numbers and one column a category, a forest, and Platt's scaling in five folds."""
    columns = ColumnTransformer([
        ("numbers", SimpleImputer(strategy="median"), NUMBERS),
        ("texts", OneHotEncoder(handle_unknown="ignore", sparse_output=False), TEXTS),
        ("flags", "passthrough", FLAGS),
    ])
    forest = RandomForestClassifier(60, max_depth=4, min_samples_leaf=5, random_state=0)
    return make_pipeline(columns, CalibratedClassifierCV(forest, method="sigmoid", cv=StratifiedKFold(5)))


def cross_validate(model, rows, labels):
    """The probability of disease for each row by models that have not seen it, averaged."""
    sums = np.zeros(len(rows))
    folds = RepeatedStratifiedKFold(n_splits=FOLDS, n_repeats=REPEATS, random_state=0)
    for train, test in folds.split(rows, labels):
        fitted = clone(model).fit(rows.iloc[train], labels[train])
        sums[test] += fitted.predict_proba(rows.iloc[test])[:, 0]
    return sums / REPEATS


def auc(truth, probabilities):
    """The area under the ROC curve, with the 95 % interval of a bootstrap over people."""
    random = np.random.default_rng(0)
    found = []
    while len(found) < RESAMPLES:
        chosen = random.integers(0, len(truth), len(truth))
        if 0 < truth[chosen].sum() < len(chosen):
            found.append(roc_auc_score(truth[chosen], probabilities[chosen]))
    low, high = np.percentile(found, [2.5, 97.5])
    return f"{roc_auc_score(truth, probabilities):.3f} ({low:.3f} to {high:.3f})"


def report(data, truth, probabilities):
    groups = {"all": np.full(len(data), True), "women": data.sex == "female", "men": data.sex == "male",
              "under 50": data.age < 50, "50 to 59": data.age.between(50, 59), "60 and over": data.age >= 60}
    print("| Group | People | With disease | AUC (95 % interval) | Mean probability | Brier score |")
    print("|---|---|---|---|---|---|")
    for name, chosen in groups.items():
        chosen = np.asarray(chosen)
        brier = brier_score_loss(truth[chosen], probabilities[chosen])
        print(f"| {name} | {chosen.sum()} | {truth[chosen].mean():.0%} | "
              f"{auc(truth[chosen], probabilities[chosen])} | {probabilities[chosen].mean():.0%} | {brier:.3f} |")


def plot(truth, probabilities):
    matplotlib.use("svg")
    # Letters stay text, and the same figures make the same file.
    matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "heart-disease", "font.size": 9})
    import matplotlib.pyplot as plot
    observed, predicted = calibration_curve(truth, probabilities, n_bins=8, strategy="quantile")
    figure, axes = plot.subplots(figsize=(4, 4), layout="constrained")
    axes.plot([0, 1], [0, 1], color="#999999", linewidth=1, label="perfect")
    axes.plot(predicted, observed, marker="o", color="#1f5fa8", label="cross-validated")
    axes.set(xlabel="predicted probability of disease", ylabel="part with disease", xlim=(0, 1), ylim=(0, 1))
    axes.legend(frameon=False)
    figure.savefig(HERE / "calibration.svg", metadata=dict.fromkeys(["Creator", "Date", "Format", "Type"]))


def export(model, rows):
    types = [(name, FloatTensorType([None, 1]) if name in NUMBERS + FLAGS else StringTensorType([None, 1]))
             for name in rows.columns]
    proto = to_onnx(model, initial_types=types, target_opset={"": 18, "ai.onnx.ml": 3})
    onnx.save(proto, HERE / "heart-disease.onnx")


def main():
    data, rows, labels = read()
    truth = (labels == "disease").astype(int)
    model = build()
    probabilities = cross_validate(model, rows, labels)
    report(data, truth, probabilities)
    plot(truth, probabilities)
    model.fit(rows, labels)
    export(model, rows)
    data["prediction"] = model.predict(rows)
    data["disease"] = labels
    data.to_csv(HERE / "predictions.csv", index=False)


if __name__ == "__main__":
    main()
