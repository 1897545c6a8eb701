"""Trains small models of every kind that `cargo import` takes, and writes each with what it answers.

    pip install -r requirements.txt && python export.py [FOLDER SEED]

`exports/<name>.<ext>` is the model, and its line in `answers.json` what onnxruntime (for ONNX) or the
library itself (for XGBoost's and LightGBM's own files) answers for the rows of `rows/<data>.csv`.

Without a folder, the models and rows of `cover.json` are written beside this script, for `cargo test`, and the
models packed into `exports.tar.gz`.
They have every operator, attribute, type and producer, missing values, unseen categories, and values at
thresholds. With a folder, all models are written there, of data by this seed and with 1,000 rows.
"""

import json
import pathlib
import sys
import warnings

import catboost
import lightgbm
import numpy as np
import onnx
import onnxruntime
import pandas as pd
import xgboost
from answered import pack, save
from skl2onnx import to_onnx
from skl2onnx.common.data_types import (
    BooleanTensorType, DoubleTensorType, FloatTensorType, Int64TensorType, StringTensorType,
)
from sklearn import (
    calibration, cluster, compose, decomposition, discriminant_analysis, ensemble, feature_selection,
    gaussian_process, impute, kernel_approximation, linear_model, mixture, multiclass, multioutput, naive_bayes,
    neighbors, neural_network, pipeline, preprocessing, svm, tree,
)

HERE = pathlib.Path(__file__).parent
IS_COVER = len(sys.argv) < 3
FOLDER, SEED = (HERE, 0) if IS_COVER else (pathlib.Path(sys.argv[1]), int(sys.argv[2]))
TRAINED, ASKED = 300, 200 if IS_COVER else 1000
# What was answered, by the model's name: the data, and a text for each row.
ANSWERS = {}


def numbers(seed, missing=0.0):
    """Six numbers, rounded so that float32 and a CSV hold them alike."""
    random = np.random.default_rng([seed, SEED] if SEED else seed)
    rows = np.round(random.normal(0, 1.5, (TRAINED + ASKED, 6)), 2)
    rows[:, 3] = np.round(np.abs(rows[:, 3]) * 40, 0)
    rows[:, 5] = random.integers(0, 4, len(rows))
    names = ["a", "b", "c", "d", "e", "f"]
    frame = pd.DataFrame(rows, columns=names)
    score = rows[:, 0] - 0.7 * rows[:, 1] ** 2 + rows[:, 3] / 40 + rows[:, 2] * (rows[:, 5] > 1)
    noisy = score + random.normal(0, 0.5, len(rows))
    if missing:
        frame = frame.mask(random.random(frame.shape) < missing)
    targets = {
        "binary": (noisy > np.median(noisy)).astype(int),
        "text": np.where(noisy > np.median(noisy), "sick", "healthy"),
        "three": np.digitize(noisy, np.quantile(noisy, [0.33, 0.66])),
        "number": np.round(noisy * 3 + 20, 3),
        "positive": np.round(np.exp(noisy / 3), 4),
        "count": np.round(np.exp(noisy / 3)).astype(int),
        "several": np.round(np.stack([noisy, noisy * 2 + rows[:, 1]], axis=1), 3),
    }
    return frame, targets


def mixed(seed):
    """Numbers and texts in named columns, both with missing values, and categories of which the
    rows that are asked have one more."""
    random = np.random.default_rng([seed, SEED] if SEED else seed)
    count = TRAINED + ASKED
    frame = pd.DataFrame({
        "age": np.round(random.normal(54, 9, count)),
        "pressure": np.round(random.normal(130, 17, count), 1),
        "pain": random.choice(["typical", "atypical", "none"], count, p=[0.3, 0.3, 0.4]),
        "region": random.choice(["north", "south", "east", "west", "far"], count,
                                p=[0.4, 0.3, 0.2, 0.08, 0.02]),
    })
    score = (frame.age - 54) / 9 + (frame.pain == "typical") * 1.5 - (frame.region == "north")
    noisy = score + random.normal(0, 0.5, count)
    frame.loc[random.random(count) < 0.1, "pressure"] = np.nan
    frame.loc[TRAINED + 5 :: 17, "pain"] = "unseen"
    return frame, {"text": np.where(noisy > noisy.median(), "sick", "healthy"),
                   "number": np.round(noisy * 3 + 20, 3)}


def categories(seed):
    """Numbers and pandas' categories, of which some are missing."""
    random = np.random.default_rng([seed, SEED] if SEED else seed)
    count = TRAINED + ASKED
    frame = pd.DataFrame({
        "age": np.round(random.normal(54, 9, count)),
        "pain": pd.Categorical(random.choice(["typical", "atypical", "none"], count)),
        "site": pd.Categorical(random.choice(["north", "south", "east", "west", "far"], count)),
    })
    score = (frame.age - 54) / 9 + (frame.pain == "typical") * 1.5 - (frame.site == "north") * 2
    frame.loc[random.random(count) < 0.1, "site"] = np.nan
    return frame, {"binary": (score + random.normal(0, 0.5, count) > 0).astype(int)}


def flags(seed):
    """A number, and a column of true and false."""
    random = np.random.default_rng([seed, SEED] if SEED else seed)
    frame = pd.DataFrame({"age": np.round(random.normal(54, 9, TRAINED + ASKED)),
                          "smoker": random.random(TRAINED + ASKED) < 0.4})
    score = (frame.age - 54) / 9 + frame.smoker + random.normal(0, 0.5, len(frame))
    return frame, {"text": np.where(score > score.median(), "sick", "healthy")}


def known(seed):
    """The same, without the category that the model has not seen."""
    frame, targets = mixed(seed)
    return frame.replace({"pain": {"unseen": "none"}}), targets


def units(seed):
    """Numbers in columns with units, blanks and letters beyond ASCII in their names."""
    frame, targets = numbers(seed)
    frame = frame[["a", "b", "c", "d"]]
    return frame.set_axis(["sepal length (cm)", "1st visit", "größe", "a+b"], axis=1), targets


def texts(seed):
    """A number, digits as text, and texts of which some are missing."""
    random = np.random.default_rng([seed, SEED] if SEED else seed)
    count = TRAINED + ASKED
    frame = pd.DataFrame({
        "age": np.round(random.normal(54, 9, count)),
        "grade": random.choice(["1", "2", "3"], count),
        "site": random.choice([" north", "south", "NA"], count).astype(object),
    })
    score = (frame.age - 54) / 9 + (frame.grade == "2") * 2 - (frame.site == "NA") * 1.5
    noisy = score + random.normal(0, 0.5, count)
    frame.loc[random.random(count) < 0.1, "site"] = np.nan
    return frame, {"text": np.where(noisy > noisy.median(), "sick", "healthy"),
                   "binary": (noisy > noisy.median()).astype(int)}


def wards(seed):
    """Categories of pandas: a constant one, one of flags, one of numbers, and one in an order."""
    random = np.random.default_rng([seed, SEED] if SEED else seed)
    count = TRAINED + ASKED
    frame = pd.DataFrame({
        "age": np.round(random.normal(54, 9, count)),
        "dept": pd.Categorical(random.choice(["north", "south", "east"], count)),
        "hospital": pd.Categorical(["only"] * count),
        "smoker": pd.Categorical(random.random(count) < 0.4),
        "grade": pd.Categorical(random.integers(1, 6, count)),
        "size": pd.Categorical(random.choice(["s", "m", "l"], count), ["s", "m", "l"], ordered=True),
    })
    score = ((frame.age - 54) / 9 + (frame.dept == "north") * 1.5 + (frame.smoker == True)  # noqa: E712
             - (frame.grade == 3) * 2 + frame["size"].cat.codes * 0.7)
    return frame, {"binary": (score + random.normal(0, 0.5, count) > 0).astype(int)}


DATA = {"numbers": numbers(1), "missing": numbers(2, missing=0.15), "mixed": mixed(3), "known": known(3),
        "categories": categories(4), "flags": flags(5),
        "units": units(6), "texts": texts(7), "wards": wards(8)}


def split(data, target):
    frame, targets = DATA[data]
    return frame.iloc[:TRAINED], targets[target][:TRAINED], frame.iloc[TRAINED:]


ONE_HOT = preprocessing.OneHotEncoder(handle_unknown="ignore", sparse_output=False)


def mixed_columns(numbers=None, texts=None):
    numbers = numbers or pipeline.make_pipeline(impute.SimpleImputer(), preprocessing.StandardScaler())
    return compose.ColumnTransformer(
        [("numbers", numbers, ["age", "pressure"]), ("texts", texts or ONE_HOT, ["pain", "region"])])


def scaled(model):
    """A model behind a scaler: float32 is too coarse for the kernels of large numbers."""
    return pipeline.make_pipeline(preprocessing.StandardScaler(), model)


def classifiers():
    """Estimators of classes, by the name of the fixture."""
    stump = tree.DecisionTreeClassifier(max_depth=2)
    return {
        "logistic": linear_model.LogisticRegression(),
        "logistic-ovr": multiclass.OneVsRestClassifier(linear_model.LogisticRegression()),
        "ovo": multiclass.OneVsOneClassifier(linear_model.LogisticRegression()),
        "logistic-cv": linear_model.LogisticRegressionCV(Cs=3, cv=3),
        "sgd-log": linear_model.SGDClassifier(loss="log_loss", random_state=0),
        "sgd-hinge": linear_model.SGDClassifier(random_state=0),
        "perceptron": linear_model.Perceptron(random_state=0),
        "passive": linear_model.PassiveAggressiveClassifier(random_state=0),
        "ridge-classifier": linear_model.RidgeClassifier(),
        "lda": discriminant_analysis.LinearDiscriminantAnalysis(),
        "qda": discriminant_analysis.QuadraticDiscriminantAnalysis(),
        "gaussian-nb": naive_bayes.GaussianNB(),
        "bernoulli-nb": naive_bayes.BernoulliNB(),
        "multinomial-nb": pipeline.make_pipeline(
            preprocessing.MinMaxScaler(), naive_bayes.MultinomialNB()),
        "complement-nb": pipeline.make_pipeline(
            preprocessing.MinMaxScaler(clip=True), naive_bayes.ComplementNB()),
        "svc": scaled(svm.SVC(probability=True, random_state=0)),
        "svc-linear": scaled(svm.SVC(kernel="linear", probability=True, random_state=0)),
        "svc-poly": scaled(svm.SVC(kernel="poly", degree=2, probability=True, random_state=0)),
        "svc-scores": scaled(svm.SVC()),
        "nu-svc": scaled(svm.NuSVC(nu=0.3, probability=True, random_state=0)),
        "linear-svc": svm.LinearSVC(),
        "knn": neighbors.KNeighborsClassifier(3),
        "knn-distance": neighbors.KNeighborsClassifier(4, weights="distance"),
        "knn-manhattan": neighbors.KNeighborsClassifier(3, metric="manhattan"),
        "tree": tree.DecisionTreeClassifier(max_depth=5),
        "extra-tree": tree.ExtraTreeClassifier(max_depth=5, random_state=0),
        "forest": ensemble.RandomForestClassifier(8, max_depth=5, random_state=0),
        "extra-trees": ensemble.ExtraTreesClassifier(8, max_depth=5, random_state=0),
        "gradient-boosting": ensemble.GradientBoostingClassifier(n_estimators=10, random_state=0),
        "hist-gradient-boosting": ensemble.HistGradientBoostingClassifier(max_iter=10, random_state=0),
        "ada-boost": ensemble.AdaBoostClassifier(stump, n_estimators=6, random_state=0),
        "bagging": ensemble.BaggingClassifier(stump, n_estimators=4, random_state=0),
        "stacking": ensemble.StackingClassifier(
            [("tree", stump), ("logistic", linear_model.LogisticRegression())], cv=3),
        "voting-soft": ensemble.VotingClassifier(
            [("tree", stump), ("logistic", linear_model.LogisticRegression())], voting="soft",
            flatten_transform=False),
        "voting-hard": ensemble.VotingClassifier(
            [("tree", stump), ("nb", naive_bayes.GaussianNB()),
             ("logistic", linear_model.LogisticRegression())], flatten_transform=False),
        "calibrated-sigmoid": calibration.CalibratedClassifierCV(
            naive_bayes.GaussianNB(), method="sigmoid", cv=3),
        "calibrated-isotonic": calibration.CalibratedClassifierCV(stump, method="isotonic", cv=3),
        "mlp": neural_network.MLPClassifier((6, 4), max_iter=200, random_state=0),
        "mlp-tanh": neural_network.MLPClassifier((5,), activation="tanh", max_iter=200, random_state=0),
        "mlp-logistic": neural_network.MLPClassifier(
            (5,), activation="logistic", max_iter=200, random_state=0),
        "gaussian-process": gaussian_process.GaussianProcessClassifier(random_state=0),
    }


def regressors():
    """Estimators of numbers, by the name of the fixture."""
    stump = tree.DecisionTreeRegressor(max_depth=3)
    return {
        "linear": linear_model.LinearRegression(),
        "ridge": linear_model.Ridge(),
        "lasso": linear_model.Lasso(0.01),
        "elastic-net": linear_model.ElasticNet(0.01),
        "lars": linear_model.LassoLars(0.001),
        "bayesian-ridge": linear_model.BayesianRidge(),
        "huber": linear_model.HuberRegressor(max_iter=500),
        "theil-sen": linear_model.TheilSenRegressor(random_state=0),
        "ransac": linear_model.RANSACRegressor(random_state=0),
        "quantile": linear_model.QuantileRegressor(alpha=0.01),
        "poisson": linear_model.PoissonRegressor(max_iter=300),
        "gamma": linear_model.GammaRegressor(max_iter=300),
        "tweedie": linear_model.TweedieRegressor(power=1.5, max_iter=300),
        "sgd": pipeline.make_pipeline(
            preprocessing.StandardScaler(), linear_model.SGDRegressor(random_state=0)),
        "svr": svm.SVR(),
        "svr-poly": scaled(svm.SVR(kernel="poly", degree=2)),
        "svr-sigmoid": scaled(svm.SVR(kernel="sigmoid")),
        "nu-svr": svm.NuSVR(),
        "linear-svr": svm.LinearSVR(random_state=0),
        "knn-regressor": neighbors.KNeighborsRegressor(3),
        "knn-regressor-distance": neighbors.KNeighborsRegressor(3, weights="distance"),
        "tree-regressor": tree.DecisionTreeRegressor(max_depth=5),
        "forest-regressor": ensemble.RandomForestRegressor(8, max_depth=5, random_state=0),
        "extra-trees-regressor": ensemble.ExtraTreesRegressor(8, max_depth=5, random_state=0),
        "gradient-boosting-regressor": ensemble.GradientBoostingRegressor(
            n_estimators=10, random_state=0),
        "hist-gradient-boosting-regressor": ensemble.HistGradientBoostingRegressor(
            max_iter=10, random_state=0),
        "ada-boost-regressor": ensemble.AdaBoostRegressor(stump, n_estimators=5, random_state=0),
        "bagging-regressor": ensemble.BaggingRegressor(stump, n_estimators=4, random_state=0),
        "stacking-regressor": ensemble.StackingRegressor(
            [("tree", stump), ("ridge", linear_model.Ridge())], cv=3),
        "voting-regressor": ensemble.VotingRegressor(
            [("tree", stump), ("ridge", linear_model.Ridge())]),
        "mlp-regressor": neural_network.MLPRegressor(
            hidden_layer_sizes=(6,), max_iter=300, random_state=0),
        "gaussian-process-regressor": gaussian_process.GaussianProcessRegressor(
            gaussian_process.kernels.RBF(3.0), alpha=0.1),
    }


TARGETS = {"poisson": "count", "tweedie": "count", "gamma": "positive"}


def preprocessings():
    """Steps before a logistic regression, with the data that shows them."""
    return {
        "standard": ("numbers", preprocessing.StandardScaler()),
        "min-max": ("numbers", preprocessing.MinMaxScaler()),
        "min-max-clip": ("numbers", preprocessing.MinMaxScaler(clip=True)),
        "robust": ("numbers", preprocessing.RobustScaler()),
        "max-abs": ("numbers", preprocessing.MaxAbsScaler()),
        "normalizer-l1": ("numbers", preprocessing.Normalizer("l1")),
        "normalizer-l2": ("numbers", preprocessing.Normalizer()),
        "normalizer-max": ("numbers", preprocessing.Normalizer("max")),
        "power": ("numbers", preprocessing.PowerTransformer()),
        "quantile-transform": ("numbers", preprocessing.QuantileTransformer(n_quantiles=20)),
        "binarizer": ("numbers", preprocessing.Binarizer(threshold=0.3)),
        "bins-onehot": ("numbers", preprocessing.KBinsDiscretizer(4, encode="onehot-dense",
                        quantile_method="averaged_inverted_cdf")),
        "bins-ordinal": ("numbers", preprocessing.KBinsDiscretizer(4, encode="ordinal",
                         quantile_method="averaged_inverted_cdf")),
        "polynomial": ("numbers", pipeline.make_pipeline(
            preprocessing.PolynomialFeatures(2), preprocessing.StandardScaler())),
        "spline": ("numbers", preprocessing.SplineTransformer(n_knots=4)),
        "function": ("numbers", preprocessing.FunctionTransformer()),
        "pca": ("numbers", pipeline.make_pipeline(preprocessing.StandardScaler(),
                                                  decomposition.PCA(3))),
        "pca-whiten": ("numbers", pipeline.make_pipeline(preprocessing.StandardScaler(),
                                                         decomposition.PCA(3, whiten=True))),
        "truncated-svd": ("numbers", decomposition.TruncatedSVD(3)),
        "select-best": ("numbers", feature_selection.SelectKBest(k=3)),
        "select-percentile": ("numbers", feature_selection.SelectPercentile(percentile=50)),
        "variance": ("numbers", feature_selection.VarianceThreshold(1.0)),
        "rfe": ("numbers", feature_selection.RFE(linear_model.LogisticRegression())),
        "select-from-model": ("numbers", feature_selection.SelectFromModel(
            tree.DecisionTreeClassifier(max_depth=3))),
        "union": ("numbers", pipeline.make_union(
            preprocessing.StandardScaler(), preprocessing.MinMaxScaler())),
        "k-means": ("numbers", cluster.KMeans(3, n_init=1, random_state=0)),
        "impute-mean": ("missing", impute.SimpleImputer()),
        "impute-median": ("missing", impute.SimpleImputer(strategy="median")),
        "impute-frequent": ("missing", impute.SimpleImputer(strategy="most_frequent")),
        "impute-constant": ("missing", impute.SimpleImputer(strategy="constant", fill_value=-1)),
        "impute-indicator": ("missing", impute.SimpleImputer(add_indicator=True)),
        "impute-knn": ("missing", impute.KNNImputer(n_neighbors=2)),
        "columns-onehot": ("mixed", mixed_columns()),
        "columns-onehot-drop": ("mixed", mixed_columns(texts=preprocessing.OneHotEncoder(
            drop="first", handle_unknown="ignore", sparse_output=False))),
        "columns-infrequent": ("known", mixed_columns(texts=preprocessing.OneHotEncoder(
            min_frequency=20, handle_unknown="infrequent_if_exist", sparse_output=False))),
        "columns-ordinal": ("mixed", mixed_columns(texts=preprocessing.OrdinalEncoder(
            handle_unknown="use_encoded_value", unknown_value=-1))),
        "columns-target": ("mixed", mixed_columns(texts=preprocessing.TargetEncoder(random_state=0))),
        "columns-robust": ("mixed", mixed_columns(numbers=pipeline.make_pipeline(
            impute.SimpleImputer(strategy="median", add_indicator=True),
            preprocessing.RobustScaler()))),
    }


def all_numbers(frame):
    return all(frame.dtypes == np.float64) and len(frame.columns) > 2


def input_types(frame):
    """One tensor for numbers alone, one a column for mixed types."""
    if all_numbers(frame):
        return [("input", FloatTensorType([None, frame.shape[1]]))]
    return [(name, StringTensorType([None, 1]) if frame[name].dtype == object
             or str(frame[name].dtype) == "str" else FloatTensorType([None, 1]))
            for name in frame.columns]


def feed(session, frame):
    inputs = session.get_inputs()
    if len(inputs) == len(frame.columns):
        # Exporters write names in other ways than pandas.
        frame = frame.set_axis([one.name for one in inputs], axis=1).fillna({
            one.name: "nan" for one in inputs if one.type == "tensor(string)"})
    if len(inputs) == 1 and len(frame.columns) > 1:
        kind = {"tensor(float)": np.float32, "tensor(double)": np.float64}[inputs[0].type]
        return {inputs[0].name: frame.to_numpy(kind)}
    kinds = {"tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(string)": object,
             "tensor(int64)": np.int64, "tensor(bool)": bool}
    return {one.name: frame[[one.name]].to_numpy(kinds[one.type]) for one in inputs}


def table(outputs, count):
    """Labels, probabilities or numbers as columns of as many rows."""
    found = []
    for output in outputs:
        if isinstance(output, list):
            output = np.array([list(row.values()) for row in output])
        output = np.asarray(output).reshape(count, -1)
        found += [output[:, index] for index in range(output.shape[1])]
    return found


def write_answers(name, data, found):
    text = lambda one: repr(float(one)) if isinstance(one, np.float64) else str(one)
    ANSWERS[name] = data, [",".join(map(text, row)) for row in zip(*found)]


def export(name, model, data, target, **options):
    trained, labels, asked = split(data, target)
    model.fit(trained.to_numpy(np.float32) if all_numbers(trained) else trained, labels)
    proto = to_onnx(model, initial_types=input_types(trained), target_opset=options.pop("opset", None),
                    options=options or None)
    session = onnxruntime.InferenceSession(proto.SerializeToString())
    (FOLDER / "exports" / f"{name}.onnx").write_bytes(proto.SerializeToString())
    write_answers(name, data, table(session.run(None, feed(session, asked)), len(asked)))


def export_variants():
    """Other shapes of inputs and outputs, and other versions of operators."""
    steps = pipeline.make_pipeline(preprocessing.StandardScaler(), linear_model.LogisticRegression())
    attempt("without-zipmap", steps, "numbers", "text", zipmap=False)
    attempt("zipmap-columns", steps, "numbers", "three", zipmap="columns")
    forest = ensemble.RandomForestClassifier(4, max_depth=4, random_state=0)
    for opset in [9, 11, 13, 15, 18, 21]:
        attempt(f"opset-{opset}", pipeline.make_pipeline(preprocessing.StandardScaler(), forest),
                "numbers", "three", opset={"": opset, "ai.onnx.ml": 1 if opset < 15 else 3})
    attempt("several-outputs", linear_model.LinearRegression(), "numbers", "several")
    attempt("several-outputs-forest", ensemble.RandomForestRegressor(4, max_depth=4, random_state=0),
            "numbers", "several")
    attempt("isolation-forest", ensemble.IsolationForest(n_estimators=8, max_samples=64, random_state=0),
            "numbers", "binary", opset={"": 18, "ai.onnx.ml": 3})
    attempt("several-labels", neighbors.KNeighborsRegressor(3), "numbers", "several")
    export_double()
    export_whole()
    export_flags()


def export_double():
    """A pipeline that takes and computes float64."""
    trained, labels, asked = split("numbers", "text")
    model = pipeline.make_pipeline(preprocessing.StandardScaler(), linear_model.LogisticRegression())
    model.fit(trained.to_numpy(np.float64), labels)
    proto = to_onnx(model, initial_types=[("input", DoubleTensorType([None, 6]))],
                    options={"zipmap": False})
    save_onnx("double", proto, "numbers", asked)


def export_whole():
    """A model whose columns are numbers and whole numbers apart."""
    frame = DATA["mixed"][0][["age", "pressure"]].fillna(120)
    labels = DATA["mixed"][1]["text"]
    model = pipeline.make_pipeline(
        compose.ColumnTransformer([("numbers", preprocessing.StandardScaler(), ["age", "pressure"])]),
        linear_model.LogisticRegression())
    model.fit(frame[:TRAINED], labels[:TRAINED])
    types = [("age", Int64TensorType([None, 1])), ("pressure", FloatTensorType([None, 1]))]
    save_onnx("whole-numbers", to_onnx(model, initial_types=types), "whole", frame[TRAINED:])


def export_flags():
    """A model one of whose columns is true or false."""
    frame, targets = DATA["flags"]
    model = pipeline.make_pipeline(
        compose.ColumnTransformer([("numbers", preprocessing.StandardScaler(), ["age"]),
                                   ("flags", "passthrough", ["smoker"])]),
        linear_model.LogisticRegression())
    model.fit(frame[:TRAINED], targets["text"][:TRAINED])
    types = [("age", FloatTensorType([None, 1])), ("smoker", BooleanTensorType([None, 1]))]
    save_onnx("flags", to_onnx(model, initial_types=types, target_opset=18), "flags", frame[TRAINED:])


def save_onnx(name, proto, data, asked):
    """Writes a model of ONNX, with what onnxruntime answers."""
    session = onnxruntime.InferenceSession(proto.SerializeToString())
    (FOLDER / "exports" / f"{name}.onnx").write_bytes(proto.SerializeToString())
    write_answers(name, data, table(session.run(None, feed(session, asked)), len(asked)))


def export_xgboost():
    """XGBoost's own files, with what XGBoost answers."""
    both = {"n_estimators": 8, "max_depth": 3, "random_state": 0}
    classifier, regressor = xgboost.XGBClassifier, xgboost.XGBRegressor
    for name, model, data, target in [
        ("xgb-binary", classifier(**both), "missing", "binary"),
        ("xgb-three", classifier(**both), "missing", "three"),
        ("xgb-softmax", classifier(objective="multi:softmax", **both), "numbers", "three"),
        ("xgb-regressor", regressor(**both), "missing", "number"),
        ("xgb-poisson", regressor(objective="count:poisson", **both), "numbers", "count"),
        ("xgb-tweedie", regressor(objective="reg:tweedie", **both), "numbers", "count"),
        ("xgb-gamma", regressor(objective="reg:gamma", **both), "numbers", "positive"),
        ("xgb-logistic", regressor(objective="reg:logistic", **both), "numbers", "binary"),
        ("xgb-absolute", regressor(objective="reg:absoluteerror", **both), "numbers", "number"),
        ("xgb-quantile", regressor(objective="reg:quantileerror", quantile_alpha=0.7, **both),
         "numbers", "number"),
        ("xgb-squaredlog", regressor(objective="reg:squaredlogerror", **both), "numbers", "positive"),
        ("xgb-several", regressor(**both), "numbers", "several"),
        ("xgb-vector-leaf", regressor(multi_strategy="multi_output_tree", tree_method="hist", **both),
         "numbers", "several"),
        ("xgb-dart", classifier(booster="dart", rate_drop=0.3, **both), "numbers", "binary"),
        ("xgb-linear", regressor(booster="gblinear", n_estimators=8), "numbers", "number"),
        ("xgb-hinge", classifier(objective="binary:hinge", **both), "numbers", "binary"),
        ("xgb-forest", xgboost.XGBRFClassifier(**both), "numbers", "binary"),
        ("xgb-base-score", regressor(base_score=3.5, **both), "numbers", "number"),
        ("xgb-early", classifier(early_stopping_rounds=2, **{**both, "n_estimators": 60}),
         "numbers", "binary"),
        ("xgb-categories", classifier(enable_categorical=True, tree_method="hist",
                                      max_cat_to_onehot=2, **both), "categories", "binary"),
    ]:
        trained, labels, asked = split(data, target)
        if "early" in name:
            model.fit(trained[:200], labels[:200], eval_set=[(trained[200:], labels[200:])], verbose=False)
        else:
            model.fit(trained, labels)
        model.save_model(FOLDER / "exports" / f"{name}.json")
        if name in ["xgb-three", "xgb-categories", "xgb-several"]:
            model.save_model(FOLDER / "exports" / f"{name}-ubj.ubj")
            write_answers(f"{name}-ubj", data, answers_of(model, asked))
        write_answers(name, data, answers_of(model, asked))


def answers_of(model, asked):
    """Labels and probabilities of a classifier, numbers of a regressor."""
    if not hasattr(model, "predict_proba"):
        return table([model.predict(asked)], len(asked))
    labels = np.asarray(model.predict(asked)).reshape(len(asked))
    if getattr(model, "objective", "") == "binary:hinge":
        return [labels]
    return table([labels, model.predict_proba(asked)], len(asked))


def export_lightgbm():
    """LightGBM's text, with what LightGBM answers."""
    both = {"n_estimators": 8, "num_leaves": 8, "min_child_samples": 5, "verbose": -1}
    classifier, regressor = lightgbm.LGBMClassifier, lightgbm.LGBMRegressor
    for name, model, data, target in [
        ("lgb-binary", classifier(**both), "missing", "binary"),
        ("lgb-three", classifier(**both), "missing", "three"),
        ("lgb-ova", classifier(objective="multiclassova", **both), "numbers", "three"),
        ("lgb-regressor", regressor(**both), "missing", "number"),
        ("lgb-sqrt", regressor(reg_sqrt=True, **both), "numbers", "number"),
        ("lgb-poisson", regressor(objective="poisson", **both), "numbers", "count"),
        ("lgb-tweedie", regressor(objective="tweedie", **both), "numbers", "count"),
        ("lgb-gamma", regressor(objective="gamma", **both), "numbers", "positive"),
        ("lgb-quantile", regressor(objective="quantile", alpha=0.7, **both), "numbers", "number"),
        ("lgb-l1", regressor(objective="l1", **both), "numbers", "number"),
        ("lgb-huber", regressor(objective="huber", **both), "numbers", "number"),
        ("lgb-cross-entropy", regressor(objective="cross_entropy", **both), "numbers", "binary"),
        ("lgb-dart", classifier(boosting_type="dart", **both), "numbers", "binary"),
        ("lgb-forest", classifier(boosting_type="rf", subsample=0.7, subsample_freq=1, **both),
         "numbers", "binary"),
        ("lgb-zero-missing", classifier(zero_as_missing=True, **both), "missing", "binary"),
        ("lgb-no-missing", classifier(use_missing=False, **both), "missing", "binary"),
        ("lgb-categories", classifier(**both), "categories", "binary"),
    ]:
        trained, labels, asked = split(data, target)
        model.fit(trained, labels)
        model.booster_.save_model(FOLDER / "exports" / f"{name}.txt")
        write_answers(name, data, answers_of(model, asked))


def export_boosters_as_onnx():
    """XGBoost, LightGBM and CatBoost through ONNX, with what onnxruntime answers."""
    from onnxmltools import convert_lightgbm, convert_xgboost
    from onnxmltools.convert.common.data_types import FloatTensorType as Float
    both = {"n_estimators": 6, "max_depth": 3, "random_state": 0}
    types = [("input", Float([None, 6]))]
    for name, model, target, convert in [
        ("onnx-xgb-binary", xgboost.XGBClassifier(**both), "binary", convert_xgboost),
        ("onnx-xgb-three", xgboost.XGBClassifier(**both), "three", convert_xgboost),
        ("onnx-xgb-regressor", xgboost.XGBRegressor(**both), "number", convert_xgboost),
        ("onnx-lgb-binary", lightgbm.LGBMClassifier(verbose=-1, **both), "binary", convert_lightgbm),
        ("onnx-lgb-three", lightgbm.LGBMClassifier(verbose=-1, **both), "three", convert_lightgbm),
        ("onnx-lgb-regressor", lightgbm.LGBMRegressor(verbose=-1, **both), "number", convert_lightgbm),
    ]:
        trained, labels, asked = split("numbers", target)
        model.fit(trained.to_numpy(np.float32), labels)
        save_onnx(name, convert(model, initial_types=types, target_opset=15), "numbers", asked)
    for name, model, target in [
        ("catboost-binary", catboost.CatBoostClassifier, "binary"),
        ("catboost-three", catboost.CatBoostClassifier, "three"),
        ("catboost-text", catboost.CatBoostClassifier, "text"),
        ("catboost-regressor", catboost.CatBoostRegressor, "number"),
    ]:
        trained, labels, asked = split("numbers", target)
        model = model(iterations=8, depth=3, verbose=False, allow_writing_files=False, random_seed=0)
        model.fit(trained.to_numpy(np.float32), labels)
        model.save_model(str(FOLDER / "exports" / f"{name}.onnx"), format="onnx")
        save_onnx(name, onnx.load(FOLDER / "exports" / f"{name}.onnx"), "numbers", asked)


def export_people():
    """Models as people have them: names with units, digits and missing values as categories, classes
    without names, several labels at once."""
    logistic = linear_model.LogisticRegression
    steps = pipeline.make_pipeline(preprocessing.StandardScaler(), logistic())
    frame, labels, asked = split("units", "text")
    steps.fit(frame, labels)
    save_onnx("names-with-units", to_onnx(steps, frame[:1].astype(np.float32)), "units", asked)
    # Texts: a missing one is a category, and an unknown one is an error.
    for name, unknown in [("texts-missing", "ignore"), ("texts-strict", "error")]:
        columns = compose.ColumnTransformer([
            ("texts", preprocessing.OneHotEncoder(handle_unknown=unknown, sparse_output=False),
             ["grade", "site"]), ("numbers", preprocessing.StandardScaler(), ["age"])])
        frame, labels, asked = split("texts", "text")
        model = pipeline.make_pipeline(columns, logistic()).fit(frame, labels)
        types = [("age", FloatTensorType([None, 1])), ("grade", StringTensorType([None, 1])),
                 ("site", StringTensorType([None, 1]))]
        save_onnx(name, to_onnx(model, initial_types=types), "texts", asked)
    # Clusters, outliers and mixtures.
    frame, labels, asked = split("numbers", "several")
    rows = frame.to_numpy(np.float32)
    for name, model in [("clusters", cluster.KMeans(3, n_init=1, random_state=0)),
                        ("one-class", scaled(svm.OneClassSVM(nu=0.1))),
                        ("mixture", scaled(mixture.GaussianMixture(2, random_state=0)))]:
        save_onnx(name, to_onnx(model.fit(rows), rows[:1]), "numbers", asked)
    # Several labels at once.
    several = (labels > np.median(labels, axis=0)).astype(int)
    several = np.column_stack([several, rows[:, 2] > 0.3]).astype(int)
    forest = ensemble.RandomForestClassifier(4, max_depth=3, random_state=0)
    for name, model in [
        ("labels-forest", forest), ("labels-mlp", neural_network.MLPClassifier((4,), random_state=0)),
        ("labels-each", multioutput.MultiOutputClassifier(logistic())),
    ]:
        options = None if name == "labels-each" else {"zipmap": False}
        model.fit(rows, np.where(several, "yes", "no") if name == "labels-each" else several)
        proto = to_onnx(model, rows[:1], options=options)
        session = onnxruntime.InferenceSession(proto.SerializeToString())
        (FOLDER / "exports" / f"{name}.onnx").write_bytes(proto.SerializeToString())
        write_answers(name, "numbers", several_labels(*session.run(None, feed(session, asked))))
    # Trees that are even.
    frame, labels, asked = split("numbers", "text")
    even = ensemble.RandomForestClassifier(10, max_features=1, random_state=0).fit(rows[:60], labels[:60])
    proto = to_onnx(even, rows[:1], options={"zipmap": False})
    (FOLDER / "exports" / "forest-even.onnx").write_bytes(proto.SerializeToString())
    write_answers("forest-even", "numbers", answers_of(even, asked.to_numpy(np.float32)))
    export_people_boosters()


def several_labels(labels, scores):
    """Each label with the probabilities of its classes."""
    scores = np.asarray(scores)
    found = []
    for index in range(labels.shape[1]):
        # A matrix for each label, or a column with the second class's probability.
        both = scores[index] if scores.ndim == 3 else np.stack([1 - scores[:, index], scores[:, index]], 1)
        label = labels[:, index]
        found += [label.astype(int) if label.dtype.kind == "f" else label, *both.T]
    return found


def export_people_boosters():
    """Boosters whose files say little: a margin for an answer, sets as chains, categories of one value."""
    from onnxmltools import convert_lightgbm
    from onnxmltools.convert.common.data_types import FloatTensorType as Float
    both = {"n_estimators": 6, "max_depth": 3, "random_state": 0}
    for name, model, target in [
        ("xgb-logitraw", xgboost.XGBRegressor(objective="binary:logitraw", **both), "binary"),
        ("xgb-linear-three", xgboost.XGBClassifier(booster="gblinear", n_estimators=4), "three"),
        ("xgb-labels", xgboost.XGBClassifier(**both), "labels"),
    ]:
        trained, labels, asked = split("missing", "several" if target == "labels" else target)
        if target == "labels":
            labels = (labels > np.median(labels, axis=0)).astype(int)
        model.fit(trained, labels)
        model.save_model(FOLDER / "exports" / f"{name}.json")
        if target == "labels":
            write_answers(name, "missing", several_labels(model.predict(asked), model.predict_proba(asked)))
        else:
            write_answers(name, "missing", answers_of(model, asked))
    trained, labels, asked = split("wards", "binary")
    model = lightgbm.LGBMClassifier(n_estimators=8, num_leaves=8, min_child_samples=5, verbose=-1)
    model.fit(trained, labels).booster_.save_model(FOLDER / "exports" / "lgb-wards.txt")
    write_answers("lgb-wards", "wards", answers_of(model, asked))
    # Sets of categories, as onnxmltools writes them.
    codes = trained.apply(lambda column: column.cat.codes if column.dtype == "category" else column)
    model.set_params(n_estimators=4).fit(codes.to_numpy(np.float32), labels, categorical_feature=[1, 4])
    proto = convert_lightgbm(model, initial_types=[("input", Float([None, 6]))], target_opset=15)
    DATA["codes"] = (DATA["wards"][0].apply(
        lambda column: column.cat.codes if column.dtype == "category" else column).astype(float), {})
    DATA["codes"][0].iloc[TRAINED:].to_csv(FOLDER / "rows" / "codes.csv", index=False)
    save_onnx("onnx-lgb-sets", proto, "codes", DATA["codes"][0].iloc[TRAINED:])
    # CatBoost, with missing values.
    trained, labels, asked = split("missing", "binary")
    model = catboost.CatBoostClassifier(iterations=6, depth=3, verbose=False, allow_writing_files=False,
                                        random_seed=0).fit(trained.to_numpy(np.float32), labels)
    model.save_model(str(FOLDER / "exports" / "catboost-missing.onnx"), format="onnx")
    write_answers("catboost-missing", "missing", answers_of(model, asked.to_numpy(np.float32)))


def attempt(name, *arguments, **options):
    try:
        export(name, *arguments, **options)
    except Exception as error:
        print(f"{name}: not exported: {type(error).__name__}: {str(error).splitlines()[0][:150]}")


def main():
    warnings.simplefilter("ignore")
    for folder in ["exports", "rows"]:
        (FOLDER / folder).mkdir(parents=True, exist_ok=True)
    frame = DATA["mixed"][0][["age", "pressure"]].fillna(120)
    DATA["whole"] = (frame.astype({"age": int}), {})
    for name, (frame, _) in DATA.items():
        frame.iloc[TRAINED:].to_csv(FOLDER / "rows" / f"{name}.csv", index=False)
    for name, model in classifiers().items():
        attempt(name, model, "numbers", "three" if hash_even(name) else "text")
        attempt(f"{name}-binary", model, "numbers", "binary")
    for name, model in regressors().items():
        attempt(name, model, "numbers", TARGETS.get(name, "number"))
    for name, (data, step) in preprocessings().items():
        last = linear_model.LogisticRegression()
        attempt(f"after-{name}", pipeline.make_pipeline(step, last), data, "text")
    export_variants()
    export_xgboost()
    export_lightgbm()
    export_boosters_as_onnx()
    export_people()
    if IS_COVER:
        prune()
        pack(FOLDER)
    save(FOLDER, ANSWERS)


def prune():
    """Removes the models and rows that are not in the cover."""
    cover = json.loads((HERE / "cover.json").read_text())
    for path in (FOLDER / "exports").iterdir():
        if path.stem not in cover["models"]:
            path.unlink()
    for name, (data, answers) in ANSWERS.items():
        ANSWERS[name] = data, [answers[row] for row in cover["rows"][data]]
    for path in (FOLDER / "rows").iterdir():
        header, *rows = path.read_text().splitlines()
        kept = [rows[row] for row in cover["rows"][path.stem]]
        path.write_text("\n".join([header, *kept]) + "\n")


def hash_even(name):
    return sum(name.encode()) % 2 == 0


if __name__ == "__main__":
    main()
