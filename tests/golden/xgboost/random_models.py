"""Random XGBoost models for the sweep."""
import numpy as np, xgboost as xgb

from random_tables import Drawn, numbers, target, with_holes


def pick(r, *choices): return choices[r.randint(len(choices))]


def draw(r):
    classes = pick(r, 0, 2, 2, 3, 5)
    n = r.randint(60, 400)
    table = numbers(r, n, r.randint(1, 9))
    y = target(r, table, classes)
    if classes: y = np.unique(y, return_inverse=True)[1]
    holes = float(pick(r, 0, 0.05, 0.3))
    if holes: table = with_holes(table, r, holes, list(table))
    options = dict(n_estimators=r.randint(1, 60), max_depth=r.randint(1, 8), learning_rate=float(r.uniform(0.02, 0.5)),
                   min_child_weight=pick(r, 0, 1, 5), subsample=pick(r, 1.0, 0.7), colsample_bytree=pick(r, 1.0, 0.6),
                   booster=pick(r, "gbtree", "gbtree", "gbtree", "dart"), base_score=pick(r, None, 0.3),
                   num_parallel_tree=pick(r, 1, 1, 3), n_jobs=1, random_state=int(r.randint(1000)))
    if options["booster"] == "dart": options["rate_drop"] = 0.2
    if classes == 0: options["objective"] = pick(r, "reg:squarederror", "reg:absoluteerror", "reg:pseudohubererror")
    model = (xgb.XGBClassifier if classes else xgb.XGBRegressor)(**options)
    return Drawn(f"{options.get('objective', 'binary' if classes == 2 else 'multi')} {options['booster']} <- {options}", model,
                 table.set_axis([f"x{i}" for i in range(table.shape[1])], axis=1), y, unnamed=True, holes=holes)
