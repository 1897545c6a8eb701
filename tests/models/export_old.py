"""Writes models of older versions of XGBoost or LightGBM, whichever is installed, and what they answer.

    pip install "xgboost==1.7.6" "numpy<2" "pandas<2.3" "scikit-learn<1.6" && python export_old.py
"""

import pathlib

import numpy as np
import pandas as pd
from answered import save

HERE = pathlib.Path(__file__).parent
BOTH = {"n_estimators": 6, "max_depth": 3, "random_state": 0}


def main():
    random = np.random.default_rng(0)
    asked = pd.read_csv(HERE / "rows" / "missing.csv")
    rows = pd.DataFrame(np.round(random.normal(0, 1.5, (400, 6)), 2), columns=asked.columns)
    rows["d"] = np.abs(rows["d"]) * 40
    score = rows["a"] - rows["b"] ** 2 + rows["d"] / 40
    rows = rows.mask(random.random(rows.shape) < 0.1)
    targets = {"binary": (score > 0).astype(int), "three": np.digitize(score, [-1, 1]),
               "number": score * 3 + 20, "count": np.round(np.exp(score / 4))}
    for name, target, model in models():
        model.fit(rows, targets[target])
        write(model, name)
        found = model.predict(asked).reshape(len(asked), -1)
        if hasattr(model, "predict_proba"):
            found = np.concatenate([found, model.predict_proba(asked)], axis=1)
        has_label = hasattr(model, "predict_proba")
        lines = [",".join([str(int(row[0])), *map(repr, map(float, row[1:]))] if has_label
                          else map(repr, map(float, row))) for row in found]
        save(HERE, {name: ("missing", lines)})


def models():
    try:
        import xgboost
    except ImportError:
        import lightgbm
        old = "".join(lightgbm.__version__.split(".")[:2])
        yield f"lgb{old}-binary", "binary", lightgbm.LGBMClassifier(**BOTH)
        yield f"lgb{old}-three", "three", lightgbm.LGBMClassifier(**BOTH)
        yield f"lgb{old}-poisson", "count", lightgbm.LGBMRegressor(objective="poisson", **BOTH)
        return
    old = "".join(xgboost.__version__.split(".")[:2])
    yield f"xgb{old}-binary", "binary", xgboost.XGBClassifier(**BOTH)
    yield f"xgb{old}-three", "three", xgboost.XGBClassifier(**BOTH)
    yield f"xgb{old}-regressor", "number", xgboost.XGBRegressor(**BOTH)
    yield f"xgb{old}-poisson", "count", xgboost.XGBRegressor(objective="count:poisson", **BOTH)
    yield f"xgb{old}-logitraw", "binary", xgboost.XGBRegressor(objective="binary:logitraw", **BOTH)


def write(model, name):
    if name.startswith("lgb"):
        model.booster_.save_model(str(HERE / "exports" / f"{name}.txt"))
    else:
        model.save_model(str(HERE / "exports" / f"{name}.json"))


if __name__ == "__main__":
    main()
