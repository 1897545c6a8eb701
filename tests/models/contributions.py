"""Writes what XGBoost, LightGBM and shap say of the contributions of features, as `cargo test` reads it.

    python contributions.py [FOLDER]

`contributions.json` has a line for each booster in `exports`: its name, and for the first of its rows a text
with the contributions of each target, the bias last, between commas.

Without a folder, this is for the boosters beside this script, and a few rows. With a folder, as
`export.py FOLDER SEED` wrote it, it is for all rows, and for models of scikit-learn too: they are trained on
the rows themselves, and named `shap-…`, so an import with these rows counts the covers of the training.
"""

import pathlib
import sys
import warnings

import lightgbm
import numpy as np
import pandas as pd
import xgboost
from answered import lines, read, save, unpack

HERE = pathlib.Path(__file__).parent
IS_COVER = len(sys.argv) < 2
FOLDER = HERE if IS_COVER else pathlib.Path(sys.argv[1])
ROWS = 6 if IS_COVER else 200


def main():
    warnings.simplefilter("ignore")
    found = {}
    if IS_COVER:
        unpack(FOLDER)
    else:
        found |= of_scikit_learn()
    for name, (data, _) in read(FOLDER).items():
        frame = pd.read_csv(FOLDER / "rows" / f"{data}.csv")[:ROWS]
        frame = frame.astype({column: "category" for column in frame.select_dtypes(exclude="number")})
        path = next((FOLDER / "exports").glob(f"{name}.*"))
        if path.suffix in (".json", ".ubj", ".txt"):
            try:
                found[name] = (of_lightgbm if path.suffix == ".txt" else of_xgboost)(path, frame)
            except (xgboost.core.XGBoostError, ValueError) as error:
                print(f"{name}: no contributions: {str(error).splitlines()[0][:150]}")
    texts = {name: [",".join(map(repr, map(float, row))) for row in rows] for name, rows in found.items()}
    (FOLDER / "contributions.json").write_text(lines(texts))


def of_lightgbm(path, frame):
    model = lightgbm.Booster(model_file=path)
    values = model.predict(frame, pred_contrib=True)
    # The answer of a forest is the mean of its trees, and the contributions are those to the sum.
    is_forest = "average_output" in path.read_text()
    return values / model.current_iteration() if is_forest else values


def of_xgboost(path, frame):
    model = xgboost.Booster(model_file=path)
    best = model.attributes().get("best_iteration")
    # The wrapper for scikit-learn predicts with the trees up to the best iteration.
    end = int(best) + 1 if best and model.attr("scikit_learn") else 0
    data = xgboost.DMatrix(frame, enable_categorical=True)
    return model.predict(data, pred_contribs=True, iteration_range=(0, end)).reshape(len(frame), -1)


def of_scikit_learn():
    """Models whose trees count the same rows as the import does, and linear models."""
    import shap
    from skl2onnx import to_onnx
    from sklearn import ensemble, linear_model, tree

    # Missing values are for boosters; float32 holds these rows exactly enough to train on.
    rows = pd.read_csv(FOLDER / "rows" / "numbers.csv").to_numpy(np.float32)
    score = rows[:, 0] - 0.7 * rows[:, 1] ** 2 + rows[:, 3] / 40
    binary, three = (score > np.median(score)).astype(int), np.digitize(score, np.quantile(score, [0.33, 0.66]))
    models = {
        "tree": (tree.DecisionTreeRegressor(max_depth=6, random_state=0), score),
        "forest": (ensemble.RandomForestClassifier(10, bootstrap=False, max_depth=6, max_features=2,
                                                   random_state=0), binary),
        "extra": (ensemble.ExtraTreesClassifier(10, max_depth=6, random_state=0), three),
        "forest-regressor": (ensemble.RandomForestRegressor(10, bootstrap=False, max_features=2,
                                                            random_state=0), score),
        "boosting": (ensemble.GradientBoostingClassifier(n_estimators=20, random_state=0), binary),
        "boosting-regressor": (ensemble.GradientBoostingRegressor(n_estimators=20, random_state=0), score),
        "logistic": (linear_model.LogisticRegression(), binary),
        "linear": (linear_model.LinearRegression(), score),
    }
    found, answers = {}, {}
    for name, (model, target) in models.items():
        name = f"shap-{name}"
        model.fit(rows, target)
        options = {"zipmap": False} if hasattr(model, "predict_proba") else None
        path = FOLDER / "exports" / f"{name}.onnx"
        path.write_bytes(to_onnx(model, rows[:1], options=options).SerializeToString())
        labels = model.predict(rows)
        columns = [labels] if options is None else [labels, *model.predict_proba(rows).T]
        answers[name] = "numbers", [",".join(map(str, row)) for row in zip(*columns)]
        is_linear = isinstance(model, (linear_model.LogisticRegression, linear_model.LinearRegression))
        # By itself the masker takes a sample of 100 rows.
        background = shap.maskers.Independent(rows, max_samples=len(rows))
        explainer = shap.LinearExplainer(model, background) if is_linear else shap.TreeExplainer(model)
        explained = explainer(rows[:ROWS])
        # [rows, features, classes], and of two classes the second.
        values, base = explained.values, np.asarray(explained.base_values)
        if values.ndim == 3:
            chosen = [1] if values.shape[2] == 2 else range(values.shape[2])
            parts = [np.column_stack([values[:, :, one], base[:, one]]) for one in chosen]
        else:
            parts = [np.column_stack([values, np.broadcast_to(base.reshape(-1), len(values))])]
        found[name] = np.concatenate(parts, axis=1)
    save(FOLDER, answers)
    return found


if __name__ == "__main__":
    main()
