"""Random XGBoost models for the sweep: wrappers of every booster and objective, alone or behind a scaler."""
import numpy as np, xgboost as xgb
from sklearn import pipeline, preprocessing

from cases import OLD
from random_tables import Drawn, numbers, target, with_holes


def pick(r, *choices): return choices[r.randint(len(choices))]


BINARY = ("binary:logistic", "binary:logistic", "binary:hinge", "reg:logistic")
REAL = ("reg:squarederror", "reg:pseudohubererror", *(() if OLD else ("reg:absoluteerror",)))
POSITIVE = ("count:poisson", "reg:gamma", "reg:tweedie", "reg:squaredlogerror", "survival:cox")


def parameters(r):
    booster = pick(r, "gbtree", "gbtree", "gbtree", "dart", "gblinear")
    made = dict(booster=booster, n_estimators=r.randint(1, 25), learning_rate=r.uniform(0.05, 1.2), n_jobs=1,
                random_state=r.randint(1000), base_score=pick(r, None, None, 0.5, r.uniform(0.05, 0.95)))
    if booster == "gblinear": return {**made, "updater": "coord_descent"}
    method = pick(r, "exact", "hist", "approx")
    made.update(tree_method=method, max_depth=r.randint(1, 7), subsample=pick(r, 1.0, 0.6), min_child_weight=pick(r, 0, 1, 5),
                num_parallel_tree=pick(r, 1, 1, 3), gamma=pick(r, 0, 0, 0.5), reg_alpha=pick(r, 0, 0.1))
    if method == "hist" and r.randint(2): made.update(max_depth=0, max_leaves=r.randint(2, 20), grow_policy="lossguide")
    if booster == "dart": made.update(rate_drop=r.uniform(0, 0.5), normalize_type=pick(r, "tree", "forest"))
    return made


def draw(r):
    given = parameters(r)
    n = r.randint(40, 400)
    table = numbers(r, n, r.randint(1, 9))
    kind = r.randint(4)
    y = target(r, table, 0)
    if kind == 0:
        y, model = (y > np.median(y)).astype(int), xgb.XGBClassifier(objective=pick(r, *BINARY), **given)
    elif kind == 1:
        y = np.digitize(y, np.quantile(y, np.linspace(0, 1, r.randint(4, 8))[1:-1]))
        model = xgb.XGBClassifier(objective=pick(r, "multi:softprob", "multi:softmax"), **given)
    elif kind == 2:
        linear = given["booster"] == "gblinear"  # which ends in NaN with others
        model = xgb.XGBRegressor(objective="reg:squarederror" if linear else pick(r, *REAL), **given)
    else:
        y, model = np.abs(y) / np.abs(y).max() + 0.01, xgb.XGBRegressor(objective=pick(r, *POSITIVE), **given)
    holes = float(pick(r, 0, 0, 0.05, 0.3))
    if holes: table = with_holes(table, r, holes, list(table))
    drawn = Drawn("", None, table, y, unnamed=bool(r.randint(2)), holes=holes)
    missing = pick(r, None, None, -999.0, 0.0)
    if missing is not None: model.set_params(missing=missing)
    scaled = missing is None and not r.randint(3)
    if drawn.unnamed: drawn.table = table.set_axis([f"x{i}" for i in range(table.shape[1])], axis=1)
    drawn.model = pipeline.Pipeline([("scale", preprocessing.StandardScaler()), ("model", model)]) if scaled else model
    drawn.what = (f"{type(model).__name__} {model.objective} {given['booster']} <- {n} rows, holes {holes}, missing {missing}"
                  f"{', scaled' if scaled else ''}, {given}")
    return drawn
