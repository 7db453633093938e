"""Random scikit-learn models for the sweep: any estimator that is read, behind any steps that are."""
import numpy as np, sklearn
from sklearn import (compose, ensemble, feature_selection, impute, linear_model, pipeline, preprocessing, tree)

from random_tables import Drawn, numbers, target, texts, with_holes

NEW = tuple(map(int, sklearn.__version__.split(".")[:2])) >= (1, 4)


def pick(r, *choices): return choices[r.randint(len(choices))]


# (name, classification, takes NaN, maker)
def trees(r): return dict(max_depth=pick(r, None, 3, 6), min_samples_leaf=pick(r, 1, 5), random_state=r.randint(1000))
def forest(r): return dict(n_estimators=r.randint(1, 30), max_features=pick(r, None, "sqrt", 0.7), n_jobs=1, **trees(r))
def boosted(r): return dict(n_estimators=r.randint(1, 60), learning_rate=r.uniform(0.02, 0.5), subsample=pick(r, 1.0, 0.7),
                            max_depth=r.randint(1, 6), random_state=r.randint(1000))
def hist(r): return dict(max_iter=r.randint(1, 40), max_leaf_nodes=pick(r, 3, 15, 31), min_samples_leaf=pick(r, 1, 10),
                         l2_regularization=pick(r, 0, 1.5), random_state=r.randint(1000))


ESTIMATORS = [
    (True, NEW, lambda r: tree.DecisionTreeClassifier(**trees(r))),
    (False, NEW, lambda r: tree.DecisionTreeRegressor(**trees(r))),
    (True, NEW, lambda r: ensemble.RandomForestClassifier(class_weight=pick(r, None, "balanced"), **forest(r))),
    (False, NEW, lambda r: ensemble.RandomForestRegressor(**forest(r))),
    (True, False, lambda r: ensemble.ExtraTreesClassifier(**forest(r))),
    (False, False, lambda r: ensemble.ExtraTreesRegressor(**forest(r))),
    (True, False, lambda r: ensemble.GradientBoostingClassifier(**boosted(r))),
    (False, False, lambda r: ensemble.GradientBoostingRegressor(
        loss=pick(r, "squared_error", "absolute_error", "huber", "quantile"), **boosted(r))),
    (True, True, lambda r: ensemble.HistGradientBoostingClassifier(**hist(r))),
    (False, True, lambda r: ensemble.HistGradientBoostingRegressor(
        loss=pick(r, "squared_error", "absolute_error"), **hist(r))),
    (True, False, lambda r: linear_model.LogisticRegression(C=10.0 ** r.randint(-3, 4), max_iter=500,
                                                            fit_intercept=bool(r.randint(2)))),
    (False, False, lambda r: linear_model.LinearRegression(fit_intercept=bool(r.randint(2)))),
    (False, False, lambda r: linear_model.Ridge(alpha=10.0 ** r.randint(-3, 4))),
    (False, False, lambda r: linear_model.Lasso(alpha=10.0 ** r.randint(-4, 1))),
    (False, False, lambda r: linear_model.ElasticNet(alpha=10.0 ** r.randint(-4, 1))),
]


def scaler(r):
    return pick(r, lambda: "passthrough",
                lambda: preprocessing.StandardScaler(with_mean=bool(r.randint(2)), with_std=bool(r.randint(2))),
                lambda: preprocessing.MinMaxScaler(clip=bool(r.randint(2))),
                lambda: preprocessing.RobustScaler(with_centering=bool(r.randint(2))),
                lambda: preprocessing.MaxAbsScaler())()


def imputer(r):
    return impute.SimpleImputer(strategy=pick(r, "mean", "median", "most_frequent", "constant"),
                                add_indicator=bool(r.randint(2)))


def numeric(r, holes, takes_nan):
    steps = []
    if holes and (not takes_nan or r.randint(2)): steps.append(("impute", imputer(r)))
    steps.append(("scale", scaler(r)))
    return pipeline.Pipeline(steps)


def encoder(r):
    if r.randint(2):
        return preprocessing.OneHotEncoder(handle_unknown="ignore", drop=pick(r, None, None, "if_binary"),
                                           min_frequency=pick(r, None, None, 0.1)), True
    return preprocessing.OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), True


def draw(r):
    classification, takes_nan, make = ESTIMATORS[r.randint(len(ESTIMATORS))]
    estimator = make(r)
    n = r.randint(40, 400)
    table = numbers(r, n, r.randint(1, 9))
    y = target(r, table, r.randint(2, 6) if classification else 0)
    holes = float(pick(r, 0, 0, 0.05, 0.3))
    names = list(table)
    words = list(texts(r, 1, r.randint(0, 4) if r.randint(2) else 0))
    if words: table = table.join(texts(r, n, len(words)))
    if holes and not words and not takes_nan and r.randint(2): holes = 0.0
    if holes: table = with_holes(table, r, holes, names)
    drawn = Drawn("", None, table, y, unnamed=not words and bool(r.randint(2)), texts=words, holes=holes)
    steps = []
    if words:
        encode, drawn.unseen = encoder(r)
        parts = [("numbers", numeric(r, holes, takes_nan), names), ("words", encode, words)]
        if r.randint(2): parts.reverse()
        steps.append(("columns", compose.ColumnTransformer(parts, sparse_threshold=0)))
    elif r.randint(3) or (holes and not takes_nan):
        steps.append(("numbers", numeric(r, holes, takes_nan)))
    if drawn.unnamed: drawn.table = table.set_axis([f"x{i}" for i in range(table.shape[1])], axis=1)
    drawn.model = pipeline.Pipeline([*steps, ("model", estimator)]) if steps else estimator
    drawn.what = f"{type(estimator).__name__} <- {steps or 'nothing'}, {n} rows, holes {holes}".replace("\n", "")
    return drawn
